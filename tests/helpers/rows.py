"""Rows of a dataset, made in code: noise for pictures, tones for clips."""

import io

import numpy as np
import soundfile
from PIL import Image

import omni_persona

TASKS = ("visual_to_bio", "voice_to_bio", "semantic_to_bio", "dialogue_to_bio")
"""One task of each group."""


def picture(seed: int) -> dict:
    """Noise of one of four sizes, as an encoded picture of a row."""
    size = ((28, 28), (28, 56), (56, 28), (56, 56))[seed % 4]
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": f"picture_{seed}.png"}


def clip(seed: int) -> dict:
    """A tone of 0.3 to 0.7 s, at one of three rates and in one of two formats, as an encoded clip of a row."""
    rate = (16_000, 44_100, 48_000)[seed % 3]
    ending = ("wav", "flac")[seed % 2]
    time = np.arange(int(rate * (0.3 + 0.1 * (seed % 5)))) / rate
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.3 * np.sin(2 * np.pi * (200 + 37 * seed) * time), rate, format=ending.upper())
    return {"bytes": buffer.getvalue(), "path": f"clip_{seed}.{ending}"}


def make_row(index: int, task: str = "visual_to_bio", absence: str = "none", n_contexts: int = 4) -> dict:
    """A row of the dataset with query media of both kinds; other indices have other media and notes."""
    known = omni_persona.TASKS[task]
    seed = 100 * index
    return {
        "augmented_id": f"sample_{index}__aug_0",
        "source_sample_id": f"sample_{index}",
        "group": known.group,
        "scenario": known.scenario,
        "selected_task": task,
        "query_modality": known.query_modality,
        "target_modality": known.asked_group,
        "no_GT": absence == "absent_persona",
        "absence": absence,
        "target_concept_id": None if absence == "absent_persona" else "concept_1",
        "contexts": [
            {
                "concept_id": f"concept_{place}",
                "image": picture(seed + place),
                "audio": clip(seed + place),
                "text": f"She keeps bees, hive {seed + place}" + ", near the river" * (index % 3) + ".",
                "same_as_query_image_or_audio": place == 1,
            }
            for place in range(n_contexts)
        ],
        "query_assets": {"image": picture(seed + 50), "audio": clip(seed + 51)},
        "query_text": f"What does person {index} do for a living?",
        "answer_supervision": {
            "answerable_from_context": absence == "none",
            "gold_answer": "beekeeper" if absence == "none" else omni_persona.ABSTENTION,
            "abstain_answer": omni_persona.ABSTENTION,
            "support_mode": "present" if absence == "none" else "absent",
            "asked_group": "bio",
            "asked_subfield": "occupation",
            "gt_concept_id_from_metadata": None,
        },
    }


def make_item(*args, **kwargs) -> omni_persona.Item:
    """The item of `make_row`."""
    return omni_persona.item_from_row(make_row(*args, **kwargs))
