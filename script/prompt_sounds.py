"""The recipes of the sounds in prompts/sounds: tones and quiet music, synthesised, in the telephone band."""

import array
import math

RATE = 8_000


def hertz(note):
    """The frequency of a MIDI note number; 69 is a' at 440 Hz."""
    return 440 * 2 ** ((note - 69) / 12)


def add(sound, start_s, note, volume, length_s, attack_s, decay_s, partials):
    """Adds one note. Beyond the end of `sound` it goes on at the beginning, so that a loop has no seam."""
    count, start = round(length_s * RATE), round(start_s * RATE)
    release = min(count, round(0.06 * RATE))
    for i in range(count):
        t = i / RATE
        swell = 0.5 - 0.5 * math.cos(math.pi * min(1, t / attack_s))
        fade = min(1, (count - i) / release) * math.exp(-t / decay_s)
        wave = sum(part * math.sin(math.tau * hertz(note) * (n + 1) * t) for n, part in enumerate(partials))
        sound[(start + i) % len(sound)] += volume * swell * fade * wave


def two_notes(first, second):
    """Two short notes like a small wooden bell: 0.32 s."""
    sound = [0.0] * round(0.32 * RATE)
    add(sound, 0.00, first, 0.8, 0.18, 0.012, 0.07, (1, 0.12))
    add(sound, 0.10, second, 1.0, 0.22, 0.012, 0.08, (1, 0.12))
    return sound


# A slow walk through G major, four seconds a chord: what lies below, and the notes that are plucked above it.
CHORDS = [
    ((59, 62, 67), (71, 74, 79, 74, 78, 74, 71, 74)),
    ((59, 64, 67), (71, 76, 79, 76, 74, 71, 67, 71)),
    ((60, 64, 67), (72, 76, 79, 76, 74, 72, 67, 72)),
    ((62, 66, 69), (69, 74, 78, 74, 76, 74, 69, 66)),
    ((59, 62, 66), (71, 74, 78, 74, 73, 71, 66, 71)),
    ((60, 64, 69), (72, 76, 81, 76, 79, 76, 72, 69)),
    ((60, 64, 67), (67, 72, 76, 74, 72, 71, 67, 64)),
    ((62, 67, 69), (69, 74, 79, 78, 74, 69, 66, 69)),
]
CHORD_S = 4.0


def music():
    """Soft held chords under a quiet broken chord, 32 s; every note rings over the end into the beginning."""
    sound = [0.0] * round(len(CHORDS) * CHORD_S * RATE)
    for bar, (held, plucked) in enumerate(CHORDS):
        start = bar * CHORD_S
        for note in held:
            add(sound, start, note + 12, 0.10, CHORD_S + 1.2, 1.2, 3.5, (1, 0.25, 0.06))
        for beat, note in enumerate(plucked):
            volume = 0.30 if beat % 4 == 0 else 0.20
            add(sound, start + beat * CHORD_S / 8, note, volume, 1.6, 0.02, 0.55, (1, 0.22, 0.05))
    return sound


RECIPES = {
    "rising": lambda: two_notes(76, 81),
    "falling": lambda: two_notes(81, 76),
    "music": music,
}


def level(sound):
    """Mean power in dB of what is audible: more than 30 dB below the loudest 20 ms counts as silence."""
    frames = [sound[i:i + 160] for i in range(0, len(sound) - 159, 160)]
    powers = [sum(s * s for s in frame) / 160 for frame in frames]
    heard = [power for power in powers if power > max(powers) / 1_000]
    return 10 * math.log10(sum(heard) / len(heard))


def make(entry):
    """The samples of a sound, 16 bit."""
    sound = RECIPES[entry["recipe"]]()
    factor = 32_768 * 10 ** ((entry["level_dbov"] - level(sound)) / 20)
    return array.array("h", (round(s * factor) for s in sound))
