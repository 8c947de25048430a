"""A small dataset, runs of it, and a headless browser that opens what is made of them."""

from __future__ import annotations

import io
import json
import os
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

import omni_persona
from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_report import write_report
from omni_persona_report.comparison import comparisons
from omni_persona_report.exports import tables
from omni_persona_report.gather import gather
from omni_persona_report.runs.published import published_rows
from omni_persona_runner.scoring import score_run

TASKS = ("visual_to_bio", "voice_to_bio", "semantic_to_emotion", "dialogue_to_environment")
ABSENCES = ("none", "none", "absent_persona", "absent_attribute")
JOBS = ("beekeeper", "harbour pilot", "cartographer", "luthier")
SECONDS = 1.2
"""Length of every clip."""

PATIENCE = 120_000
"""How long to wait for a browser, in milliseconds."""

BROWSER = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FLAGS = (
    "--disable-dev-shm-usage",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
)


@cache
def picture(seed: int) -> dict:
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((320, 400)).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": f"face_{seed}.png"}


@cache
def clip(seed: int) -> dict:
    time = np.arange(int(16_000 * SECONDS)) / 16_000
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.3 * np.sin(2 * np.pi * (220 + 40 * seed) * time), 16_000, format="WAV")
    return {"bytes": buffer.getvalue(), "path": f"voice_{seed}.wav"}


def make_row(sample: int, number: int, **changes) -> dict:
    """The item `number` of a source sample; siblings share memories and media. `changes` replace columns."""
    task = omni_persona.TASKS[TASKS[number]]
    absence = ABSENCES[(sample + number) % 4]
    target = (sample + number) % 4
    media = {"I2I": ("image", picture), "A2A": ("audio", clip)}
    cue = media.get(task.group)
    query = {"image": None, "audio": None} | ({cue[0]: cue[1](100 * sample + 50)} if cue else {})
    answerable = absence == "none"
    row = {
        "augmented_id": f"sample_{sample}__aug_{number}",
        "source_sample_id": f"sample_{sample}",
        "group": task.group,
        "scenario": task.scenario,
        "selected_task": task.name,
        "query_modality": task.query_modality,
        "target_modality": task.asked_group,
        "no_GT": absence == "absent_persona",
        "absence": absence,
        "target_concept_id": None if absence == "absent_persona" else f"concept_{target}",
        "contexts": [
            {
                "concept_id": f"concept_{place}",
                "image": picture(100 * sample + place),
                "audio": clip(place),
                "text": f"Person {sample}.{place} earns a living as a {JOBS[place]}.",
                "same_as_query_image_or_audio": place == target and absence != "absent_persona",
            }
            for place in range(4)
        ],
        "query_assets": query,
        "query_text": f"What did I note about person number {sample}, question {number}?",
        "answer_supervision": {
            "answerable_from_context": answerable,
            "gold_answer": JOBS[target] if answerable else omni_persona.ABSTENTION,
            "abstain_answer": omni_persona.ABSTENTION,
            "support_mode": "present" if answerable else "absent",
            "asked_group": task.asked_group,
            "asked_subfield": "occupation",
            "gt_concept_id_from_metadata": None,
        },
    }
    return row | changes


def write_dataset(folder: Path, rows: list[dict]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "data").mkdir(parents=True)
    table = pa.Table.from_pylist(rows, schema=omni_persona.features().arrow_schema)
    pq.write_table(table, folder / "data" / "test-00000-of-00001.parquet")
    return folder


def write_run(folder: Path, dataset: Path, answers: dict[str, str | None], *, name="org/model", verdicts=None, **more):
    """A run folder. answers: item -> what was said, None for a failed item. verdicts: item -> (verdict, raw)."""
    folder.mkdir(parents=True)
    manifest = {
        "model": {"name": name, "revision": "abc123"},
        "dataset": {"path": str(dataset), "fingerprint": dataset_fingerprint(dataset), "n_items": len(answers)},
        "prompt": None,
        "cues": None,
        "generation": None,
        "seed": None,
        "limit": None,
        "versions": {"python": "3.11"},
        "hardware": {"device": None, "gpus": []},
        "created": "2026-01-02T03:04:05+00:00",
    }
    (folder / "run.json").write_text(json.dumps(manifest | more))
    rows = [
        {
            "augmented_id": item,
            "prediction": said,
            "status": "failed" if said is None else "ok",
            "error": "out of memory" if said is None else None,
            "input_tokens": None,
            "output_tokens": 7,
            "seconds": 0.25,
        }
        for item, said in answers.items()
    ]
    (folder / "predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if verdicts is not None:
        judged = [
            {"augmented_id": item, "verdict": verdict, "judge": "org/judge", "raw": raw}
            for item, (verdict, raw) in verdicts.items()
        ]
        (folder / "verdicts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in judged))
    return folder


def score(run: Path, dataset: Path) -> dict:
    return score_run(run, omni_persona.read(dataset))


ROWS = [make_row(sample, number) for sample in range(4) for number in range(4)]


def gold(row: dict) -> str:
    return row["answer_supervision"]["gold_answer"]


def some_wrong(rows: list[dict]) -> dict[str, str]:
    """Mostly right answers, with one of each mistake: another person's job, an abstention, something made up."""
    answers = {row["augmented_id"]: gold(row) for row in rows}
    answerable = [row for row in rows if row["absence"] == "none"]
    other = next(job for job in JOBS if job != gold(answerable[0]))
    answers[answerable[0]["augmented_id"]] = f"They earn money as a {other}."
    answers[answerable[1]["augmented_id"]] = omni_persona.ABSTENTION
    absent = next(row for row in rows if row["absence"] != "none")
    answers[absent["augmented_id"]] = "They are a luthier."
    return answers


@pytest.fixture(scope="session", autouse=True)
def datasets_cache(tmp_path_factory):
    """Keep what `datasets` caches out of the home folder."""
    import datasets

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets"))
        yield


@pytest.fixture(scope="session")
def tools():
    """The helpers of this file: in importlib mode a test cannot import it."""
    import types

    return types.SimpleNamespace(**globals())


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """16 items over 4 source samples: every group with both kinds of absence."""
    return write_dataset(tmp_path_factory.mktemp("dataset") / "omni-persona", ROWS)


@pytest.fixture(scope="session")
def run(dataset, tmp_path_factory):
    """A scored run with some mistakes."""
    folder = write_run(tmp_path_factory.mktemp("runs") / "first", dataset, some_wrong(ROWS), name="org/first")
    score(folder, dataset)
    return folder


@pytest.fixture(scope="session")
def second(dataset, tmp_path_factory):
    """A scored run over the same items that is always right."""
    answers = {row["augmented_id"]: gold(row) for row in ROWS}
    folder = write_run(tmp_path_factory.mktemp("runs") / "second", dataset, answers, name="org/second")
    score(folder, dataset)
    return folder


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium of the distribution. Closed after the module: Playwright runs an event loop in its thread."""
    required = os.environ.get("OMNI_PERSONA_REQUIRE_BROWSER")

    def missing(reason: str):
        if required:
            pytest.fail(f"OMNI_PERSONA_REQUIRE_BROWSER is set, and {reason}")
        pytest.skip(reason)

    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        missing("playwright is not installed")
    found = shutil.which("chromium") or next((path for path in BROWSER if Path(path).exists()), None)
    if found is None:
        missing("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        opened = playwright.chromium.launch(executable_path=found, args=list(FLAGS), timeout=PATIENCE)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser):
    """Opens a report as a file; at the end of the test, fails where it logged an error or asked for anything."""
    contexts, troubles = [], []

    def open_page(file: Path, *, fragment: str = "", **options):
        # Without animations: what is measured is where it will stay.
        settled = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
        context = browser.new_context(**settled | options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        own = file.resolve().as_uri()
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("console", lambda message: troubles.append(f"console {message.type}: {message.text}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.split("#")[0] == own or request.url.startswith(("blob:", "data:"))
                else troubles.append(f"request: {request.url}")
            ),
        )
        page.goto(own + fragment)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles


@pytest.fixture(scope="session")
def page_of_one(run, tmp_path_factory):
    return write_report([run], tmp_path_factory.mktemp("page") / "report.html").page


@pytest.fixture(scope="session")
def page_of_two(run, second, tmp_path_factory):
    return write_report([run, second], tmp_path_factory.mktemp("page") / "report.html").page


@pytest.fixture(scope="session")
def gathered(run, second):
    return gather([run, second])


@pytest.fixture(scope="session")
def made(gathered):
    """Table by name, as of a report over the released items."""
    return {table.name: table for table in tables(gathered, published_rows(), comparisons(gathered.runs))}
