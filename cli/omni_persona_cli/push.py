"""`omni-persona push`: upload the dataset, or the metric's Space, to the Hub."""

from __future__ import annotations

import glob
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from omni_persona_artifacts.file_list import harmed_files
from omni_persona_cli.check import check_and_report
from omni_persona_cli.console import out

EXAMPLES = """Examples:

omni-persona push omni-persona --repo ORG/omni-persona

omni-persona push omni-persona --repo ORG/omni-persona --yes

omni-persona push --metric --repo ORG/omni_persona_cal --yes --public"""


def push(
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder.")] = None,
    metric: Annotated[bool, typer.Option("--metric", help="Upload the metric and its page, as a Space.")] = False,
    repo: Annotated[str | None, typer.Option("--repo", help="Hub repository, ORG/NAME.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Upload (default: list what would be uploaded).")] = False,
    public: Annotated[bool, typer.Option("--public", help="Make the repository public (default: private).")] = False,
) -> None:
    """Upload a dataset folder, or the metric's Space, to the Hugging Face Hub: a dry run unless --yes.

    A dataset is checked first; its card records the result, and it is not uploaded if a check fails (exit code 1). An
    interrupted upload is resumed by the same command: files that the Hub already has are not sent again.
    """
    if metric == (dataset is not None):
        raise ValueError("expected a dataset folder or --metric, and not both")
    if yes and not repo:
        raise ValueError("--yes needs --repo ORG/NAME")
    if repo is not None and (repo.count("/") != 1 or not all(repo.split("/"))):
        raise ValueError(f"--repo: expected ORG/NAME, got {repo!r}")
    kind = "dataset" if dataset else "space"
    folder, names = _dataset_files(dataset) if dataset else _space_files()
    if not yes or repo is None:
        total = _list(f"{kind} {repo or 'ORG/NAME'}", folder, names, public)
        send = "--yes" if repo else "--repo ORG/NAME --yes"
        out.print(f"Dry run: nothing was sent. {total}. Send with {send}", soft_wrap=True)
        if dataset and (said := _unchecked(dataset)):
            out.print(f"The card says: {said}", style="bold red", soft_wrap=True)
        return
    if dataset and not check_and_report(dataset, write=True):
        out.print("Nothing was sent: a dataset whose checks fail is not pushed")
        raise typer.Exit(1)
    address = _make(kind, repo, public)
    if dataset:
        from omni_persona_build.croissant import published

        published(dataset, repo, datetime.now(timezone.utc).date().isoformat())
    total = _list(f"{kind} {repo}", folder, names, public)
    _upload(kind, repo, folder, names)
    out.print(f"Sent to {address}: {total}", soft_wrap=True)


def _unchecked(dataset: Path) -> str | None:
    from omni_persona_build.card import unchecked

    return unchecked(dataset)


def _list(title: str, folder: Path, names: list[str], public: bool) -> str:
    """Print the files with their sizes and the total."""
    table = Table(title=f"{title}, from {folder.resolve().name}", title_justify="left")
    table.add_column("file")
    table.add_column("bytes", justify="right")
    sizes = {name: (folder / name).stat().st_size for name in names}
    for name, size in sizes.items():
        table.add_row(name, f"{size:,}")
    out.print(table)
    seen_by = "public: everyone can see it" if public else "private"
    return f"{len(names)} files, {sum(sizes.values()):,} bytes, {seen_by}"


def _dataset_files(dataset: Path) -> tuple[Path, list[str]]:
    """The card, other files that the Hub reads, and the Parquet files; nothing else in the folder."""
    from omni_persona_build.croissant import FILE as CROISSANT
    from omni_persona_build.hub import EVAL

    files = sorted(dataset.glob("data/*.parquet"))
    if not files or not (dataset / "README.md").is_file():
        raise FileNotFoundError(f"{dataset} is no dataset folder: expected README.md and data/*.parquet")
    read_by_hub = [name for name in ("README.md", EVAL, CROISSANT) if (dataset / name).is_file()]
    for file in (dataset / "data", dataset / "example", *files, *(dataset / name for name in read_by_hub)):
        # A link in somebody else's dataset may lead to any file of the user's.
        if file.is_symlink():
            raise ValueError(f"{file}: a symbolic link, which is not sent, because it may lead to any file")
    _require_as_built(dataset)
    shown = sorted(path for path in dataset.glob("example/*") if path.is_file() and not path.is_symlink())
    return dataset, [*read_by_hub, *(file.relative_to(dataset).as_posix() for file in (*shown, *files))]


def _require_as_built(dataset: Path) -> None:
    """Raise `ValueError` if rows are not as they were built: what the card says of them need not be true any more.

    A card may have words of its owner's, and a folder without a list of its files is taken as it is.
    """
    missing, changed = harmed_files(dataset)
    if wrong := [name for name in (*missing, *changed) if name.startswith("data/")]:
        raise ValueError(
            f"{dataset}: missing or changed since the dataset was built: {', '.join(wrong)}; restore the files, or "
            "build the dataset again"
        )


def _space_files() -> tuple[Path, list[str]]:
    from omni_persona_cal.register import space_files

    return space_files()


def _make(kind: str, repo: str, public: bool) -> str:
    """Create the repository if it does not exist; return its URL."""
    from huggingface_hub import HfApi

    api = HfApi()
    sdk = "gradio" if kind == "space" else None
    address = api.create_repo(repo, repo_type=kind, private=not public, exist_ok=True, space_sdk=sdk)
    # An existing repository keeps its visibility; report it instead of publishing by mistake.
    info = api.repo_info(repo, repo_type=kind)
    if not public and not info.private:
        raise ValueError(f"{repo} is public already: --public confirms that everyone may see what is sent")
    return str(address)


def _upload(kind: str, repo: str, folder: Path, names: list[str]) -> None:
    """Upload the files. What the repository already holds, whole or in parts, is not sent again."""
    from huggingface_hub import HfApi

    HfApi().upload_folder(
        repo_id=repo,
        repo_type=kind,
        folder_path=folder,
        allow_patterns=[glob.escape(name) for name in names],
        commit_message=f"omni-persona push: {len(names)} files",
    )
