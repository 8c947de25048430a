"""`omni-persona import`: what it says of a release, and how it refuses a broken one."""

import json

import pytest


@pytest.fixture
def imported(command_line, tmp_path, monkeypatch):
    """Imports a release into a folder below the current one, a temporary folder."""
    monkeypatch.chdir(tmp_path)

    def call(release, assets):
        return command_line("import", "--release", release, "--assets", assets, "--out", "v22/omni-persona")

    return call


def test_a_release_is_imported_reported_and_checked(imported, shared, tmp_path):
    done = imported(shared / "release_like" / "release.jsonl", shared / "release_like" / "assets")
    # That its checks fail is the release's own matter.
    assert done.returncode == 0, done.stderr
    assert "98 items over 24 sets of memories" in done.stdout
    assert "other counts than those of the published v2.2 release" in done.stdout
    assert "What its items leak" in done.stdout
    assert "7 of 39 checks failed" in done.stdout
    card = (tmp_path / "v22" / "omni-persona" / "README.md").read_text(encoding="utf-8")
    assert "**7 of 39 checks failed.**" in card


def _cut_in_half(lines):
    return [*lines[:4], lines[4][: len(lines[4]) // 2]]


def _twice(lines):
    return [*lines[:4], lines[1]]


def _outside(lines):
    record = json.loads(lines[4])
    record["query_assets"]["image"] = "../../personas.jsonl"
    return [*lines[:4], json.dumps(record)]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (_cut_in_half, "release.jsonl:5: not a JSON record: it ends in the middle of a record"),
        (_twice, "release.jsonl:5 (sample_0__aug_1): is on line 2 already"),
        (_outside, "'../../personas.jsonl' lies outside of"),
    ],
)
def test_a_broken_release_is_one_error_and_nothing_half_written(imported, shared, tmp_path, broken, message):
    lines = (shared / "release_like" / "release.jsonl").read_text(encoding="utf-8").splitlines()
    file = tmp_path / "release.jsonl"
    file.write_text("\n".join(broken(lines)) + "\n", encoding="utf-8")
    done = imported(file, shared / "release_like" / "assets")
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("error:") == 1
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["release.jsonl"]
