"""A folder written by the project, for tests of what replaces it."""

from pathlib import Path

from omni_persona_artifacts.folders import whole_folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder that is not a list of ours."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if path.name != "files.json"}


def write(out: Path, text: str = "new", **options) -> None:
    with whole_folder(out, **options) as folder:
        (folder / "data").mkdir()
        (folder / "data" / "rows").write_text(text)
        (folder / "README.md").write_text(text)
