"""Are the people of a pool realistic: are their faces found, can they be distinguished, are their words understood?

    python benchmarks/people.py --pool people/omni_persona_people/embedded_pool
    python benchmarks/people.py --pool pools/rendered --clips 64 --json people.json --sheet docs/rendered.jpg

Needs the extra `specialists`. For pictures: how many faces dlib's detector finds. For pictures and clips: the area
under the ROC curve of the likeness of two media of one person against those of two, over all people and within a
gender; how often the right one of four is the most alike, the others drawn of the same gender by chance, and being the
three most alike (`hard`). Then what should tell nobody, as the right memory of four for a query, 25 % by chance: file
size, corners (backdrop) and lower edge (clothes) of a picture; level, noise floor and spectrum of the quiet parts of a
clip. Moods: how far pace, pitch and loudness of a person's clips follow the recorded mood. Words: the error rate of the
packaged Whisper. A contact sheet shows the first picture of everybody, in order.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from omni_persona_perception import PERCEPTIONS, Vectors, decode_audio, transcribe, voice_pitch
from perception import CHOICES, DRAWS, Medium, edits, finding, read, verification, words

Features = NDArray[np.float64]


def faces_found(pictures: Sequence[Medium]) -> int:
    """Pictures in which dlib's detector finds a face, as they are or twice as large."""
    import dlib

    detector = dlib.get_frontal_face_detector()
    found = 0
    for picture in pictures:
        with Image.open(io.BytesIO(picture.data)) as opened:
            pixels = np.asarray(opened.convert("RGB"))
        found += any(len(detector(pixels, larger)) for larger in (0, 1))
    return found


def hard_finding(media: Sequence[Medium], vectors: Vectors) -> float:
    """Share of media of which the right person's is the most alike, among those of the three most alike people."""
    owners = np.array([medium.owner for medium in media])
    genders = {medium.owner: medium.gender for medium in media}
    means = {owner: _unit(vectors[owners == owner].mean(axis=0)) for owner in genders}
    found = []
    for query, medium in enumerate(media):
        own = [place for place in np.flatnonzero(owners == medium.owner) if place != query]
        others = [one for one in genders if one != medium.owner and genders[one] == medium.gender]
        others.sort(key=lambda one: -float(means[one] @ means[medium.owner]))
        rivals = [place for one in others[: CHOICES - 1] for place in np.flatnonzero(owners == one)[:1]]
        if own and len(rivals) == CHOICES - 1:
            drawn = [own[0], *rivals]
            found.append(int(np.argmax(vectors[drawn] @ vectors[query])) == 0)
    return float(np.mean(found))


def _unit(vector: Vectors) -> Vectors:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def nearest(media: Sequence[Medium], roles: Sequence[str], features: Features, rng: np.random.Generator) -> float:
    """Share of draws in which the right memory of four is the nearest to a query by features, shape (n, d)."""
    scaled = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    owners = np.array([medium.owner for medium in media])
    genders = np.array([str(medium.gender) for medium in media])
    asks = np.array([role == "query" for role in roles])
    found = []
    for query in np.flatnonzero(asks):
        own = np.flatnonzero(~asks & (owners == owners[query]))
        others = np.flatnonzero(~asks & (owners != owners[query]) & (genders == genders[query]))
        for _ in range(DRAWS):
            drawn = [rng.choice(own), *rng.choice(others, CHOICES - 1, replace=False)]
            found.append(int(np.argmin(np.linalg.norm(scaled[drawn] - scaled[query], axis=1))) == 0)
    return float(np.mean(found)) if found else float("nan")


def roles_of(pool: Path, kind: str) -> list[str]:
    """What each medium is for, in the order of `read`."""
    lines = (pool / "personas.jsonl").read_text(encoding="utf-8").splitlines()
    return [medium["role"] for line in lines for medium in json.loads(line)[kind]]


def file_size(medium: Medium) -> list[float]:
    """Bytes."""
    return [len(medium.data)]


def corners(medium: Medium) -> list[float]:
    """Mean colours of the two upper corners."""
    pixels = _pixels(medium)
    return [*pixels[:6, :6].mean(axis=(0, 1)), *pixels[:6, -6:].mean(axis=(0, 1))]


def lower_edge(medium: Medium) -> list[float]:
    """Mean colours of the left, middle and right of the lower edge."""
    return _pixels(medium)[-4:].reshape(4, 4, 16, 3).mean(axis=(0, 2)).ravel().tolist()


def _pixels(medium: Medium) -> Features:
    with Image.open(io.BytesIO(medium.data)) as opened:
        return np.asarray(opened.convert("RGB").resize((64, 64)), dtype=np.float64)


def level(medium: Medium) -> list[float]:
    """Decibels of the whole clip."""
    samples, _ = decode_audio(medium.data)
    return [20 * float(np.log10(np.sqrt(np.mean(np.square(samples))) + 1e-9))]


def noise_floor(medium: Medium) -> list[float]:
    """Decibels of its quietest tenth."""
    return [10 * float(np.log10(np.quantile(_energies(medium)[1], 0.1) + 1e-12))]


def quiet_spectrum(medium: Medium) -> list[float]:
    """Shape of the spectrum of its quietest tenth, in eight bands."""
    frames, energies = _energies(medium)
    quiet = frames[energies <= np.quantile(energies, 0.1)]
    power = (np.abs(np.fft.rfft(quiet * np.hanning(frames.shape[1]))) ** 2).mean(axis=0)
    bands = np.array([np.log(band.mean() + 1e-12) for band in np.array_split(power[1:], 8)])
    return (bands - bands.mean()).tolist()


def _energies(medium: Medium) -> tuple[Features, Features]:
    samples, rate = decode_audio(medium.data)
    length = rate // 40
    mono = np.asarray(samples, dtype=np.float64).reshape(len(samples), -1).mean(axis=1)
    frames = mono[: len(mono) // length * length].reshape(-1, length)
    return frames, np.mean(np.square(frames), axis=1)


TELL_NOBODY: dict[str, dict[str, Callable[[Medium], list[float]]]] = {
    "images": {"file size": file_size, "corners": corners, "lower edge": lower_edge},
    "audios": {"file size": file_size, "level": level, "noise floor": noise_floor, "quiet spectrum": quiet_spectrum},
}


def moods(pool: Path, media: Sequence[Medium]) -> dict[str, float]:
    """How each mood changes pace, pitch and loudness of a person's clips, in per cent and decibels against `calm`.

    By least squares over all clips, with one constant for each person; `otherwise` is the standard deviation of what
    mood and person leave open. Empty for a pool that records no moods.
    """
    lines = [json.loads(line) for line in (pool / "personas.jsonl").read_text(encoding="utf-8").splitlines()]
    recorded = [audio.get("emotion") for line in lines for audio in line["audios"]]
    names = sorted({mood for mood in recorded if mood} - {"calm"})
    if "calm" not in recorded or not names or not all(medium.transcript for medium in media):
        return {}
    owners = sorted({medium.owner for medium in media})
    known = np.array(
        [
            [medium.owner == owner for owner in owners] + [mood == name for name in names]
            for medium, mood in zip(media, recorded, strict=True)
        ],
        dtype=np.float64,
    )
    spoken = np.array([_delivery(medium) for medium in media])
    solved = np.linalg.lstsq(known, spoken, rcond=None)[0]
    rest = (spoken - known @ solved).std(axis=0)
    figures = {}
    for name, row in [*zip(names, solved[len(owners) :], strict=True), ("otherwise", rest)]:
        figures[f"{name}: words a second, %"] = 100 * float(np.expm1(row[0]))
        figures[f"{name}: pitch, %"] = 100 * float(np.expm1(row[1]))
        figures[f"{name}: loudness, dB"] = float(row[2])
    return figures


def _delivery(medium: Medium) -> tuple[float, float, float]:
    """Logarithms of words a second and of pitch, and the level of the speech in decibels."""
    _frames, energies = _energies(medium)
    speech = energies > np.max(energies) / 1000
    first, last = np.flatnonzero(speech)[[0, -1]]
    seconds = (last - first + 1) / 40
    return (
        float(np.log(len(words(medium.transcript or "")) / seconds)),
        float(np.log(voice_pitch(medium.data))),
        10 * float(np.log10(energies[speech].mean())),
    )


def word_error_rate(clips: Sequence[Medium]) -> tuple[float, float]:
    """Share of words misheard, and seconds a clip."""
    start = time.perf_counter()
    heard = transcribe([clip.data for clip in clips])
    seconds = (time.perf_counter() - start) / len(clips)
    expected = [words(clip.transcript or "") for clip in clips]
    wrong = sum(edits(one, words(other)) for one, other in zip(expected, heard, strict=True))
    return wrong / sum(map(len, expected)), seconds


def contact_sheet(pool: Path, file: Path, columns: int = 25, side: int = 80) -> None:
    """Write the first picture of each person, `side` pixels wide, in rows of `columns`."""
    owners: dict[str, bytes] = {}
    for medium in read(pool, "images"):
        owners.setdefault(medium.owner, medium.data)
    sheet = Image.new("RGB", (columns * side, -(-len(owners) // columns) * side), "white")
    for place, data in enumerate(owners.values()):
        with Image.open(io.BytesIO(data)) as picture:
            small = picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(small, (place % columns * side, place // columns * side))
    sheet.save(file, quality=80, optimize=True)


def measure(pool: Path, kind: str, seed: int) -> dict[str, float]:
    """Everything about the pictures or the clips of a pool."""
    media = read(pool, kind)
    owners = {medium.owner for medium in media}
    figures: dict[str, float] = {"people": len(owners), "media": len(media)}
    start = time.perf_counter()
    if kind == "images":
        figures["faces found"] = faces_found(media) / len(media)
    vectors = getattr(PERCEPTIONS["specialists"], "faces" if kind == "images" else "voices")(
        [one.data for one in media]
    )
    figures["seconds a person"] = (time.perf_counter() - start) / len(owners)
    figures["AUC"] = verification(media, vectors, same_gender=False)
    for gender in sorted({medium.gender for medium in media if medium.gender}):
        places = [place for place, medium in enumerate(media) if medium.gender == gender]
        figures[f"AUC, {gender}"] = verification([media[p] for p in places], vectors[places], same_gender=False)
    figures["right of 4"] = finding(media, vectors, np.random.default_rng(seed))
    figures["right of 4, hard"] = hard_finding(media, vectors)
    for name, describe in TELL_NOBODY[kind].items():
        features = np.array([describe(medium) for medium in media])
        figures[f"right of 4 by {name}"] = nearest(media, roles_of(pool, kind), features, np.random.default_rng(seed))
    if kind == "audios":
        figures |= moods(pool, media)
    figures["bytes"] = float(np.mean([len(medium.data) for medium in media]))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=Path, required=True, help="a folder with personas.jsonl and the media it names")
    parser.add_argument("--clips", type=int, default=64, help="clips that are transcribed, drawn by chance; 0 for none")
    parser.add_argument("--seed", type=int, default=0, help="of all draws")
    parser.add_argument("--json", type=Path, help="a file to write the figures to")
    parser.add_argument("--sheet", type=Path, help="a JPEG or PNG file to write a contact sheet to")
    arguments = parser.parse_args()

    if arguments.sheet:
        contact_sheet(arguments.pool, arguments.sheet)
    figures = {kind: measure(arguments.pool, kind, arguments.seed) for kind in ("images", "audios")}
    spoken = [medium for medium in read(arguments.pool, "audios") if medium.transcript]
    if arguments.clips and spoken:
        drawn = np.random.default_rng(arguments.seed).permutation(len(spoken))[: arguments.clips]
        rate, seconds = word_error_rate([spoken[place] for place in drawn])
        figures["audios"] |= {"word error rate": rate, "seconds a clip transcribed": seconds}
    table = Table(title=f"The people of {arguments.pool}", title_justify="left")
    for column in ("", "pictures", "clips"):
        table.add_column(column, justify="right" if column else "left")
    for name in dict.fromkeys([*figures["images"], *figures["audios"]]):
        table.add_row(name, *(f"{figures[kind][name]:.4g}" if name in figures[kind] else "" for kind in figures))
    Console(width=100).print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
