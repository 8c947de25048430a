"""Convert English text to Kokoro's phoneme symbols, using espeak-ng."""

from __future__ import annotations

import ctypes
import re

from omni_persona_people.espeak import SpeechError, loaded_espeak

# espeak-ng's phonemes, written with a tie mark, and Kokoro's equivalents. The order matters.
_SYMBOLS = (
    ("a^ɪ", "I"),
    ("a^ʊ", "W"),
    ("d^ʒ", "ʤ"),
    ("e^ɪ", "A"),
    ("t^ʃ", "ʧ"),
    ("ɔ^ɪ", "Y"),
    ("o^ʊ", "O"),
    ("ə^ʊ", "Q"),
    ("ə^l", "ᵊl"),
    ("ʲo", "jo"),
    ("ʲ", ""),
    ("r", "ɹ"),
    ("x", "k"),
    ("ç", "k"),
    ("ɐ", "ə"),
    ("ɬ", "l"),
    ("ʔ", "t"),
    ("\u0303", ""),
)
_AMERICAN = (("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", ""))
_BRITISH = (("e^ə", "ɛː"), ("iə", "ɪə"))
_PUNCTUATION = re.compile(r"([.,;:!?—]+)")
_IPA, _TIE, _UTF8 = 0x02, ord("^") << 8, 1


def phonemes(text: str, accent: str) -> str:
    """`text` in Kokoro's symbols, with punctuation kept; accent: an espeak-ng voice, `gmw/en-US` or `gmw/en`."""
    rules = (*_SYMBOLS, *(_AMERICAN if accent.endswith("US") else _BRITISH), ("^", ""))
    parts = []
    with loaded_espeak() as (library, _):
        if library.espeak_SetVoiceByName(accent.encode()) != 0:
            raise SpeechError(f"espeak-ng has no voice {accent!r}")
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        for part in _PUNCTUATION.split(text):
            if _PUNCTUATION.fullmatch(part):
                parts.append(part[0])
            elif part.strip():
                spoken = _of_espeak(library, part.strip())
                for theirs, ours in rules:
                    spoken = spoken.replace(theirs, ours)
                parts.append(f" {spoken}")
    return " ".join("".join(parts).split())


def _of_espeak(library: ctypes.CDLL, text: str) -> str:
    rest, spoken = ctypes.c_char_p(text.encode()), []
    while rest.value:
        clause = library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA | _TIE | 0x80)
        spoken.append((clause or b"").decode())
    return " ".join(spoken)
