"""The Space's page: what it reads, what it shows, and in a browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import omni_persona_cal
from omni_persona_cal import app, compute, judged_items, page
from omni_persona_cal.reading import read_answers

ROOM = Path(omni_persona_cal.__file__).resolve().parent
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> **bold** & [a](javascript:1)"
)


def lines(records: list[dict[str, Any]]) -> str:
    return "\n".join(json.dumps(record) for record in records)


# ---- reading


def test_predictions_and_references_are_matched_by_id(reference) -> None:
    references = [reference(i) for i in range(3)]
    predictions = [
        {"augmented_id": "sample_0__aug_2", "prediction": "a \u2028 pilot", "status": "ok"},
        {"augmented_id": "sample_0__aug_0", "prediction": None, "status": "failed"},
        {"augmented_id": "sample_0__aug_1", "prediction": ""},
    ]
    found = read_answers(lines(predictions) + "\n\n", json.dumps(references))
    assert found.predictions == ["a \u2028 pilot", ""]
    assert found.references == [references[2], references[1]]
    assert (found.verdicts, found.n_without_answer) == (None, 1)


def test_files_of_the_release_scripts_need_no_references(shared: Path) -> None:
    rows = [json.loads(line) for line in (shared / "release_like" / "release.jsonl").read_text().splitlines()]
    said = [
        {**row, "model_prediction": row["answer_supervision"]["gold_answer"], "judge_verdict": "INCORRECT"}
        for row in rows
    ]
    found = read_answers(lines(said))
    assert len(found.predictions) == len(rows)
    scores = compute(found.predictions, found.references, verdicts=found.verdicts, n_resamples=0)
    assert scores["ta"] == 1.0
    assert scores["ans"] == 0.0
    assert compute(found.predictions, found.references, n_resamples=0)["cal"] == 1.0


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ("", "expected at least one line with a prediction, got none"),
        ("{", "predictions, line 1: not a JSON record"),
        ("[1", "predictions: not a JSON list"),
        ("3", "predictions, line 1: expected a JSON object, got a number"),
        ('{"prediction": "x"}', "predictions, line 1: expected augmented_id to be a string, got None"),
        ('\n{"augmented_id": "z", "prediction": "x"}', "line 2: there is no reference with augmented_id 'z'"),
        ('{"augmented_id": "sample_0__aug_0", "prediction": "x", "verdict": "NOT CORRECT"}', "got 'NOT CORRECT'"),
        ('{"augmented_id": "sample_0__aug_0", "prediction": "x"}\n' * 2, "line 2: expected each augmented_id once"),
    ],
)
def test_a_bad_file_is_named_by_line(reference, predictions: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        read_answers(predictions, lines([reference(0)]))
    assert message in str(error.value)


def test_lines_that_are_no_references_are_named() -> None:
    with pytest.raises(ValueError, match=r"line 1: expected a reference with augmented_id.* separate references"):
        read_answers('{"augmented_id": "a", "prediction": "x"}')


# ---- showing


def test_whatever_a_model_writes_is_shown_as_text(reference) -> None:
    references = [reference(0, augmented_id=HOSTILE, gold_answer=HOSTILE, task=HOSTILE)]
    scores = compute([HOSTILE], references, n_resamples=20)
    items, _ = judged_items([HOSTILE], references)
    shown = page.item_table(items, [HOSTILE]) + page.score_table(scores) + page.error(HOSTILE)
    shown += page.headline(scores | {"judge": HOSTILE}, 0) + page.picture(scores)
    assert "<img" not in shown
    assert "<script" not in shown
    assert shown.count("&lt;img src=x onerror=&quot;") >= 5


def test_the_page_scores_what_it_is_given(tmp_path: Path) -> None:
    predictions, references = app._example()
    file = tmp_path / "predictions.jsonl"
    file.write_text(predictions, encoding="utf-8-sig")
    head, table, plot, answers, download = app.score("not read", str(file), references, None, "guarded")
    assert "58.3" in head
    assert "Group T2Any" in table
    assert "These predictions" in plot
    assert "Published results are not shown" in plot
    assert "published rows" in page.picture(None)
    assert "harbour pilot" in answers
    assert json.loads(Path(download).read_text())["cal"] == pytest.approx(7 / 12)


def test_the_page_says_what_is_wrong(tmp_path: Path) -> None:
    binary = tmp_path / "picture.png"
    binary.write_bytes(b"\x89PNG\xff")
    for inputs, message in (
        ((None, None, None, None), "at least one line with a prediction"),
        (("{", None, "", None), "line 1: not a JSON record"),
        ((None, str(binary), "", None), "expected a text file in UTF-8"),
    ):
        head, *others, download = app.score(*inputs, "guarded")
        assert message in head
        assert "cal-note error" in head
        assert (others[0], others[2], download) == ("", "", None)


def test_notes_stand_above_scores_that_are_not_whole(reference) -> None:
    scores = compute(["x", "y"], [reference(0), reference(1)], verdicts=["UNJUDGED", "CORRECT"], n_resamples=10)
    assert "1 answers have no verdict" in page.headline(scores, 0)
    assert "3 items have no prediction" in page.headline(scores, 3)


# ---- in a browser


@pytest.fixture
def space(tmp_path: Path) -> Iterator[str]:
    """The page as the Hub serves it: the room's files in a folder of another name, run as a script."""
    pytest.importorskip("gradio")
    folder = tmp_path / "app"
    folder.mkdir()
    for path in (*ROOM.glob("*.py"), ROOM / "README.md"):
        shutil.copy(path, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1",
        "GRADIO_TEMP_DIR": str(tmp_path / "gradio"), "HF_HOME": str(tmp_path / "hf"), "no_proxy": "127.0.0.1,localhost",
    }  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            until = time.monotonic() + 240
            while True:
                assert process.poll() is None and time.monotonic() < until, (tmp_path / "log").read_text()
                try:
                    opener.open(url, timeout=30).close()
                    break
                except OSError:
                    time.sleep(0.5)
            yield url
        finally:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_upload_see_and_download_in_a_browser(space: str, tmp_path: Path, reference) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        assert not os.environ.get("OMNI_PERSONA_REQUIRE_BROWSER"), "there is no Chromium on this machine"
        pytest.skip("needs a Chromium")
    references = [reference(i, "none" if i % 2 else "absent_persona", group=["I2I", "A2A"][i // 6]) for i in range(12)]
    said = [HOSTILE if i == 1 else "a harbour pilot" for i in range(12)]
    predictions = [
        {"augmented_id": one["augmented_id"], "prediction": text} for one, text in zip(references, said, strict=True)
    ]
    for name, records in (("predictions", predictions), ("references", references)):
        (tmp_path / f"{name}.jsonl").write_text(lines(records))
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            timeout=120_000,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
        )
        view = browser.new_page(viewport={"width": 1200, "height": 1500})
        view.set_default_timeout(120_000)
        view.goto(space, wait_until="domcontentloaded")
        view.get_by_role("button", name="Score", exact=True).wait_for()
        # The name in the row of a file that has come; while it is sent, its name stands elsewhere, for a moment.
        uploaded = partial(view.get_by_label, exact=True)
        chooser = view.locator("input[type=file]")
        chooser.nth(0).set_input_files(tmp_path / "predictions.jsonl")
        uploaded("predictions.jsonl").wait_for()
        view.locator("input[type=file]").last.set_input_files(tmp_path / "references.jsonl")
        uploaded("references.jsonl").wait_for()
        view.get_by_role("button", name="Score", exact=True).click()
        view.get_by_text("12 items over 4 sets of memories").wait_for()
        shots = os.environ.get("OMNI_PERSONA_SCREENSHOTS")
        for tab in ("Where it stands", "Groups, absence and tasks", "Answers"):
            view.get_by_role("tab", name=tab).click()
            view.wait_for_timeout(500)
            if shots:
                view.screenshot(path=Path(shots) / f"{tab.split()[0].strip(',')}.png", full_page=True)
        view.get_by_text(HOSTILE).wait_for()
        assert view.locator(".cal-table img, .cal-table script, .cal-table a").count() == 0
        assert view.title() == "Omni-Persona Cal"
        with view.expect_download() as download:
            view.get_by_text("Download scores.json").click()
        scores = json.loads(Path(download.value.path()).read_text())
        browser.close()
    expected = compute(said, references)
    assert scores == json.loads(json.dumps(expected))
