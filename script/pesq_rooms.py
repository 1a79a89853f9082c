"""Judges rooms of eight by P.862: pesq_rooms.py THROUGH_ROOM SEEDS. PCMA narrow band (P.862.1), G.722 and Opus wide band (P.862.2).
Called by script/pesq."""

import glob
import statistics
import subprocess
import sys
import tempfile
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import pesq

SPAN_S = 9
GERMAN = "Guten Tag und herzlich willkommen zu unserer Besprechung. Bitte stellen Sie sich kurz vor. Wir beginnen " \
    "in wenigen Minuten, und danach sehen wir uns die Zahlen des letzten Jahres gemeinsam an."
CODECS = {"pcma": (8_000, "nb"), "g722": (16_000, "wb"), "opus": (16_000, "wb")}


def voices(folder, rate):
    """Human voices that were recorded at 16 kHz, and a synthetic German one."""
    read = sorted(glob.glob("/usr/share/pocketsphinx/test/data/librivox/*.wav"))
    spoken = folder / "spoken.wav"
    subprocess.run(["espeak-ng", "-v", "de", "-s", "145", "-w", str(spoken), GERMAN], check=True)
    recipes = {"librivox": read[:2], "librivox, more": read[3:5], "German, synthetic": [str(spoken)]}
    made = {}
    for n, (name, inputs) in enumerate(recipes.items()):
        made[name] = folder / f"voice{n}-{rate}.wav"
        command = ["sox", *inputs, "-r", str(rate), "-c", "1", "-b", "16", str(made[name]), "gain", "-n", "-4", "trim", "0", str(SPAN_S)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return made


def samples(path):
    with wave.open(str(path)) as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16)


def main():
    program, seeds = sys.argv[1], int(sys.argv[2])
    losses = [0, 3, 5]
    print("| codec | voice | " + " | ".join(f"{loss} %" for loss in losses) + " |")
    print("|---|---|" + "---|" * len(losses))
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        folder = Path(name)
        for codec, (rate, band) in CODECS.items():
            files = voices(folder, rate)

            def judge(task):
                voice, loss, seed = task
                heard = folder / f"{codec}{hash(task)}.wav"
                subprocess.run([program, files[voice], heard, codec, str(loss), str(seed)], check=True)
                said, got = samples(files[voice]), samples(heard)
                heard.unlink()
                return pesq.pesq(rate, said[:len(got)], got, band)

            tasks = [(voice, loss, seed) for voice in files for loss in losses for seed in range(1, (seeds if loss else 1) + 1)]
            scores = dict(zip(tasks, pool.map(judge, tasks)))
            mean = lambda wanted: statistics.mean(score for task, score in scores.items() if wanted(task))
            for voice in files:
                print(f"| {codec} | {voice} | " + " | ".join(f"{mean(lambda t: t[:2] == (voice, loss)):.2f}" for loss in losses) + " |")
            print(f"| {codec} | mean | " + " | ".join(f"{mean(lambda t: t[1] == loss):.2f}" for loss in losses) + " |")


main()
