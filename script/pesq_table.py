"""Judges concealment by P.862 (narrow band, mapped by P.862.1): pesq_table.py LOSSY_LINE SEEDS. Called by script/pesq."""

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

RATE = 8_000
SPAN_S = 9
GERMAN = "Guten Tag und herzlich willkommen zu unserer Besprechung. Bitte stellen Sie sich kurz vor. Wir beginnen " \
    "in wenigen Minuten, und danach sehen wir uns die Zahlen des letzten Jahres gemeinsam an."


def sox(inputs, to):
    """Puts recordings in a row, at 8 kHz and an even level, and cuts them."""
    command = ["sox", *inputs, "-r", str(RATE), "-c", "1", "-b", "16", str(to), "gain", "-n", "-4", "trim", "0", str(SPAN_S)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def voices(folder):
    """Writes the voices into the folder; their names and files."""
    prompts = [path for path in sorted(glob.glob("/usr/share/asterisk/sounds/en*/vm-*.wav")) if Path(path).stat().st_size > 60_000]
    raw = lambda path, rate: ["-t", "raw", "-r", str(rate), "-e", "signed", "-b", "16", "-c", "1", path]
    codec2 = lambda *names: [word for name in names for word in raw(find("codec2", name), 8_000)]
    read = sorted(glob.glob("/usr/share/pocketsphinx/test/data/librivox/*.wav"))
    spoken = folder / "spoken.wav"
    subprocess.run(["espeak-ng", "-v", "de", "-s", "145", "-w", str(spoken), GERMAN], check=True)
    recipes = {
        "prompts, a woman": prompts[:4],
        "prompts, more": prompts[4:8],
        "codec2 hts1a, hts2a": codec2("hts1a.raw", "hts2a.raw"),
        "codec2 morig, forig": codec2("morig.raw", "forig.raw"),
        "librivox": read[:2],
        "librivox, more": read[3:5],
        "German, synthetic": [str(spoken)],
    }
    made = {}
    for n, (name, inputs) in enumerate(recipes.items()):
        made[name] = folder / f"voice{n}.wav"
        sox(inputs, made[name])
    return made


def find(package, name):
    """The path of a package's file."""
    files = subprocess.run(["dpkg", "-L", package + "-examples"], check=True, capture_output=True, text=True).stdout
    return next(line for line in files.splitlines() if line.endswith("/" + name))


def samples(path):
    with wave.open(str(path)) as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16)


def main():
    line, seeds = sys.argv[1], int(sys.argv[2])
    cases = [(0, 1, "conceal")] + [(loss, burst, gaps) for burst in (1, 3) for loss in (1, 3, 5) for gaps in ("conceal", "silence")]
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        folder = Path(name)
        files = voices(folder)

        def judge(task):
            voice, (loss, burst, gaps), seed = task
            heard = folder / f"{hash(task)}.wav"
            subprocess.run([line, files[voice], heard, str(loss), str(burst), str(seed), gaps], check=True)
            said, got = samples(files[voice]), samples(heard)
            heard.unlink()
            return pesq.pesq(RATE, said[:len(got)], got, "nb")

        tasks = [(voice, case, seed) for voice in files for case in cases for seed in range(1, (seeds if case[0] else 1) + 1)]
        scores = dict(zip(tasks, pool.map(judge, tasks)))
    head = "| " + " | ".join(["voice"] + [f"{loss} %{' in bursts' if burst > 1 else ''}, {gaps}" if loss else "lossless" for loss, burst, gaps in cases]) + " |"
    print(head)
    print("|---" * (len(cases) + 1) + "|")
    mean = lambda wanted: statistics.mean(score for task, score in scores.items() if wanted(task))
    for voice in files:
        print(f"| {voice} | " + " | ".join(f"{mean(lambda t: t[0] == voice and t[1] == case):.2f}" for case in cases) + " |")
    print("| mean | " + " | ".join(f"{mean(lambda t: t[1] == case):.2f}" for case in cases) + " |")


main()
