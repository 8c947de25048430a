"""`omni-persona push`, against a Hub that only records its calls."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from omni_persona_artifacts.file_list import list_files
from omni_persona_cli import push

app = typer.Typer()
app.command()(push.push)


class Hub:
    """The calls that the Hub received, and whether a repository that is there is private."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.private = True

    def create_repo(self, repo: str, **options: Any) -> str:
        self.calls.append(("create_repo", {"repo": repo, **options}))
        return f"https://hub.example/{repo}"

    def repo_info(self, repo: str, repo_type: str) -> Any:
        return SimpleNamespace(private=self.private)

    def upload_folder(self, **options: Any) -> None:
        self.calls.append(("upload_folder", options))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    hub = Hub()
    monkeypatch.setattr("huggingface_hub.HfApi", lambda: hub)
    return hub


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were checked, with the results in their cards; all pass but those called `unfair`."""
    folders: list[Path] = []

    def check(folder: Path, *, write: bool) -> bool:
        assert write
        folders.append(folder)
        (folder / "README.md").write_text("card with results")
        return folder.name != "unfair"

    monkeypatch.setattr(push, "check_and_report", check)
    return folders


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "omni-persona"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text("card")
    (folder / "eval.yaml").write_text("name: x")
    (folder / "croissant.json").write_text('{"name": "omni-persona"}')
    (folder / "data" / "I2I.parquet").write_bytes(b"x" * 1500)
    (folder / "secret.env").write_text("not to be sent")
    return folder


def call(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_metric_is_listed_and_nothing_is_sent(hub: Hub) -> None:
    done = call("--metric", "--repo", "org/omni_persona_cal")
    assert done.exit_code == 0, done.output
    for name in ("app.py", "omni_persona_cal.py", "scores.py", "README.md", "requirements.txt"):
        assert f"\n{name} " in done.output
    assert "Dry run: nothing was sent" in done.output
    assert "private" in done.output
    assert hub.calls == []
    assert call("--metric").exit_code == 0


def test_the_metric_goes_into_a_private_space(hub: Hub) -> None:
    done = call("--metric", "--repo", "org/omni_persona_cal", "--yes")
    assert done.exit_code == 0, done.output
    (made, repo), (sent, upload) = hub.calls
    assert (made, sent) == ("create_repo", "upload_folder")
    assert repo == {
        "repo": "org/omni_persona_cal", "repo_type": "space", "private": True, "exist_ok": True, "space_sdk": "gradio",
    }  # fmt: skip
    assert (upload["repo_id"], upload["repo_type"]) == ("org/omni_persona_cal", "space")
    assert {"app.py", "README.md", "requirements.txt", "__init__.py"} <= set(upload["allow_patterns"])
    assert all((Path(upload["folder_path"]) / name).is_file() for name in upload["allow_patterns"])


def test_a_dataset_goes_with_its_card_and_rows_alone(hub: Hub, dataset: Path, checked: list[Path]) -> None:
    done = call(dataset, "--repo", "org/omni-persona", "--yes", "--public")
    assert done.exit_code == 0, done.output
    (_, repo), (_, upload) = hub.calls
    assert (repo["repo_type"], repo["private"], repo["space_sdk"]) == ("dataset", False, None)
    assert upload["allow_patterns"] == ["README.md", "eval.yaml", "croissant.json", "data/I2I.parquet"]
    assert "17" in done.output.partition("README.md")[2].splitlines()[0]  # the card that is sent, not that before
    assert "1,500" in done.output
    assert "secret" not in done.output


def test_what_is_sent_says_where_it_was_published_and_by_whom(hub: Hub, dataset: Path, checked: list[Path]) -> None:
    call(dataset, "--repo", "org/omni-persona")
    assert json.loads((dataset / "croissant.json").read_text()) == {"name": "omni-persona"}
    call(dataset, "--repo", "org/omni-persona", "--yes")
    croissant = json.loads((dataset / "croissant.json").read_text())
    assert (croissant["url"], croissant["creator"]["name"]) == (
        "https://huggingface.co/datasets/org/omni-persona",
        "org",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", croissant["datePublished"])


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("**5 of 20 checks failed.**\n\n| a |", "The card says: 5 of 20 checks failed."),
        ("Not checked yet: `omni-persona check --write DIR`.", "The card says: Not checked yet: `omni-persona check"),
        ("All 20 checks pass.\n\n| a |", None),
        ("18 checks pass, 2 skipped.\n\n| a |", None),
    ],
)
def test_a_dry_run_says_what_the_card_says_of_checks(hub: Hub, dataset: Path, card: str, expected: str | None) -> None:
    (dataset / "README.md").write_text(f"---\n---\n<!-- checks -->\n\n{card}\n\n<!-- end of checks -->\n")
    said = call(dataset, "--repo", "org/mine").output
    assert "Send with --yes\n" in said
    assert expected in said if expected else "The card says" not in said
    assert "The card says: no results of checks." not in said


def test_a_folder_without_the_extra_files_is_sent_as_it_is(hub: Hub, dataset: Path, checked: list[Path]) -> None:
    (dataset / "eval.yaml").unlink()
    (dataset / "croissant.json").unlink()
    assert call(dataset, "--repo", "org/omni-persona", "--yes").exit_code == 0
    assert hub.calls[-1][1]["allow_patterns"] == ["README.md", "data/I2I.parquet"]


def test_a_dataset_whose_checks_fail_is_not_sent(hub: Hub, dataset: Path, checked: list[Path]) -> None:
    unfair = dataset.rename(dataset.parent / "unfair")
    assert call(unfair, "--repo", "org/unfair").exit_code == 0
    assert checked == []
    done = call(unfair, "--repo", "org/unfair", "--yes")
    assert done.exit_code == 1
    assert "Nothing was sent" in done.output
    assert checked == [unfair]
    assert hub.calls == []


def test_what_is_public_already_is_not_pushed_to_by_mistake(hub: Hub) -> None:
    hub.private = False
    done = call("--metric", "--repo", "org/cal", "--yes")
    assert "public already" in str(done.exception)
    assert [name for name, _ in hub.calls] == ["create_repo"]
    assert call("--metric", "--repo", "org/cal", "--yes", "--public").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "a dataset folder or --metric"),
        (("folder", "--metric"), "a dataset folder or --metric"),
        (("--metric", "--yes"), "--yes needs --repo"),
        (("--metric", "--repo", "cal"), "expected ORG/NAME, got 'cal'"),
        (("--metric", "--repo", "a/b/c"), "expected ORG/NAME"),
        (("nowhere",), "nowhere is no dataset folder"),
    ],
)
def test_bad_usage_is_refused(hub: Hub, arguments: tuple[str, ...], message: str) -> None:
    done = call(*arguments)
    assert message in str(done.exception)
    assert hub.calls == []


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(b"other rows")])
def test_rows_that_are_not_as_they_were_built_are_not_sent(hub: Hub, dataset: Path, checked: list[Path], harm) -> None:
    (dataset / "data" / "I2I-2.parquet").write_bytes(b"rows")
    list_files(dataset)
    assert call(dataset, "--repo", "org/omni-persona").exit_code == 0
    harm(dataset / "data" / "I2I-2.parquet")
    (dataset / "README.md").write_text("---\n---\nWords of the owner's.\n")
    for options in ((), ("--yes",)):
        done = call(dataset, "--repo", "org/omni-persona", *options)
        assert "missing or changed since the dataset was built: data/I2I-2.parquet; restore" in str(done.exception)
    assert hub.calls == checked == []


@pytest.mark.parametrize("name", ["README.md", "data", "example", "data/test-0.parquet"])
def test_no_link_is_sent(tmp_path, name):
    folder, outside = tmp_path / "dataset", tmp_path / "outside"
    (folder / "data").mkdir(parents=True)
    (folder / "example").mkdir()
    (folder / "README.md").write_text("card")
    (folder / "data" / "test-0.parquet").write_text("rows")
    outside.mkdir()
    (folder / name).rename(outside / "secret")
    (folder / name).symlink_to(outside / "secret")
    done = CliRunner().invoke(app, [str(folder), "--repo", "org/name"])
    assert isinstance(done.exception, ValueError)
    assert f"{folder / name}: a symbolic link, which is not sent" in str(done.exception)
