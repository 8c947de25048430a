"""The page of a report: its policy, bytes, notes and missing media."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from omni_persona_artifacts.characters import split, visible
from omni_persona_artifacts.check_results import write_check_results
from omni_persona_report import write_report
from omni_persona_report.gather import gather
from omni_persona_report.page import marked
from omni_persona_report.page_data import safe_json


def test_json_in_a_script_element_ends_nothing():
    value = {"</script>": ["<!--", "&lt;", "\u2028", "\ud83d", "\u0000"]}
    text = safe_json(value)
    assert not set("<>&") & set(text)
    assert text.isascii()
    assert json.loads(text) == value


def test_unseen_characters_are_marked():
    assert visible("a\u202eb\u200b\n\t\ud83d é 漢 🎈") == "a[U+202E]b[U+200B]\n\t[U+D83D] é 漢 🎈"
    assert "".join(piece for piece, _ in split("a\u202eb")) == "a\u202eb"
    assert marked("<b>\u202e") == '&lt;b&gt;<span class="ctl" data-code="U+202E">\u202e</span>'
    assert marked("\u0000") == '<span class="ctl" data-code="U+0000">\ufffd</span>'


def test_the_page_forbids_itself_the_network(run, tmp_path):
    made = write_report([run], tmp_path / "report.html", media="none")
    text = made.page.read_text(encoding="utf-8")
    head = text[: text.index("<title>")]
    assert "default-src 'none'" in head
    assert "unsafe" not in head
    for outside in ("http://", "https://", "@import", "url("):
        assert outside not in text.replace("http://www.w3.org/2000/svg", ""), outside


def test_the_page_says_which_scores_have_no_interval(run, tmp_path):
    text = write_report([run], tmp_path / "report.html", media="none").page.read_text("utf-8")
    assert "In a group, a task or a kind of absence, a score over fewer than 30 items has none" in text
    assert "nor has Cal over fewer than 20 answerable or unanswerable ones." in text
    assert "Over fewer than 400 items, Cal has none if a run nearly always abstains, or nearly always answers" in text


def test_a_group_that_does_not_need_its_modality_is_marked_beside_its_name(run, dataset, tmp_path):
    checked = shutil.copytree(dataset, tmp_path / "checked")
    write_check_results(checked, [], {"I2I": ["<b>corners", "border"], "<script>": ["x"]})
    text = write_report([run], tmp_path / "report.html", media="none", dataset=checked).page.read_text("utf-8")
    tags = re.findall(r">([^<>]+)(?:</abbr>|</a>)?<span class=\"tag\" title=\"([^\"]*)\">does not need", text)
    assert {name.split(",")[0] for name, _ in tags} == {"I2I"}
    assert len(tags) >= 2, "by group, and by task"
    why = "I2I does not need its modality (shortcuts that work: &lt;b&gt;corners; border)"
    assert all(title.startswith(why) for _, title in tags)
    assert f'<p class="note"><bdi class="text">{why}' in text
    unmarked = write_report([run], tmp_path / "plain.html", media="none").page.read_text("utf-8")
    assert "does not need its modality" not in unmarked


def test_results_of_checks_that_cannot_be_read_are_reported(run, dataset, tmp_path):
    broken = shutil.copytree(dataset, tmp_path / "broken")
    (broken / "checks.json").write_text("[")
    gathered = gather([run], dataset=broken)
    assert gathered.dataset.unneeded == {}
    assert any("checks.json" in notice for notice in gathered.notices)


@pytest.mark.slow
def test_the_same_runs_make_the_same_page(run, tmp_path):
    one, two = (write_report([run], tmp_path / f"{name}.html").page.read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_medium_that_cannot_be_read_is_listed_and_not_fatal(tools, tmp_path):
    row = tools.make_row(0, 0)
    row["contexts"][1] = row["contexts"][1] | {"image": {"bytes": b"no picture", "path": "x.png"}}
    row["contexts"][2] = row["contexts"][2] | {"audio": {"bytes": b"no clip", "path": "x.wav"}}
    folder = tools.write_dataset(tmp_path / "omni-persona", [row])
    run = tools.write_run(tmp_path / "run", folder, {"sample_0__aug_0": "x"})
    made = write_report([run], tmp_path / "report.html")
    assert [problem.split(":")[0] for problem in made.gathered.problems] == ["x.png", "x.wav"]
    full = write_report([run], tmp_path / "full.html", media="full")
    assert len(full.gathered.problems) == 2


def test_a_page_that_cannot_be_written_is_an_error(run, tmp_path):
    from omni_persona_artifacts.errors import ArtifactError

    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match=r"cannot write into .*file: it is a file"):
        write_report([run], tmp_path / "file" / "report.html", media="none")
    with pytest.raises(ValueError, match="at least one run"):
        write_report([], tmp_path / "report.html")


@pytest.mark.slow
def test_a_report_loads_nothing_that_is_slow_to_load(run, second, tmp_path):
    heavy = {"torch", "transformers", "sklearn", "scipy", "nltk", "evaluate", "omni_persona_runner"}
    script = (
        "import sys\nfrom omni_persona_report import write_report\n"
        f"write_report({[str(run), str(second)]!r}, {str(tmp_path / 'report.html')!r})\n"
        f"print(sorted({heavy!r} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
