"""Eight invented items, a server that answers them as written here, and the harnesses that ask it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from faulty_server import completion, error, texts
from rows import TASKS, make_row

import omni_persona

INTEGRATIONS = Path(__file__).resolve().parents[2] / "integrations"

ABSENCES = (*["none"] * 4, *["absent_persona"] * 2, *["absent_attribute"] * 2)
ROWS = [make_row(number, TASKS[number % 4], absence) for number, absence in enumerate(ABSENCES)]
IDS = [row["augmented_id"] for row in ROWS]

SAID = (
    "A beekeeper.",
    "<think>Bees, and a river.</think>beekeeper",
    "a nurse",
    None,  # the request is refused
    omni_persona.ABSTENTION,
    "a beekeeper",
    "",
    "<think>Whose face is",
)
"""Two of three answerable items with an answer are right, one of two others; three items fail."""

EXPECTED = {"n": 5, "n_failed": 3, "ans": 2 / 3, "unans": 1 / 2, "cal": (2 / 3 + 1 / 2) / 2}
"""By hand."""


def person(body: dict[str, Any]) -> int:
    """The number of the item that a request asks about."""
    return int(re.findall(r"What does person (\d+) do", texts(body))[-1])


def reply(_: int, body: dict[str, Any]) -> Any:
    """What the server says."""
    said = SAID[person(body)]
    return error(400, "no memory left") if said is None else completion(said)


def environment(**more: str) -> dict[str, str]:
    """Paths of this checkout, so that a harness's own Python finds the code that is tested."""
    here = INTEGRATIONS.parent
    rooms = [path for path in sys.path if path and Path(path).is_relative_to(here) and "site-packages" not in path]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMNI_PERSONA", "INSPECT"))}
    return {**kept, "PYTHONPATH": os.pathsep.join(rooms), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **more}


def run_inspect(python: str, dataset: Path, url: str, work: Path, *options: str) -> tuple[str, Path | None]:
    """What `inspect eval` prints, and its log."""
    task = shutil.copy(INTEGRATIONS / "inspect_ai" / "omni_persona_task.py", work)
    command = [python, "-m", "inspect_ai", "eval", f"{task}@omni_persona_cal", "-T", f"dataset={dataset}"]
    command += ["--model", "openai-api/local/m", "--log-dir", "logs", "--display", "plain", *options]
    output = _run(command, work, LOCAL_API_KEY="none", LOCAL_BASE_URL=url)
    return output, next(iter((work / "logs").glob("*.eval")), None)


def run_lmms_eval(python: str, dataset: Path, url: str, work: Path) -> tuple[str, Path | None, Path | None]:
    """What lmms-eval prints, its results and its samples."""
    settings = f"model_version=m,base_url={url},timeout=60,max_retries=1,prefix_aware_queue=False"
    command = [python, "-m", "lmms_eval", "--include_path", str(INTEGRATIONS / "lmms_eval"), "--tasks", "omni_persona"]
    command += ["--model", "openai", "--model_args", settings, "--log_samples", "--output_path", "out"]
    output = _run(command, work, OMNI_PERSONA_DATASET=str(dataset), OPENAI_API_KEY="none", HF_HOME=str(work / "hf"))
    patterns = ("*/*_results.json", "*/*_samples_*.jsonl")
    results, samples = (next(iter((work / "out").glob(pattern)), None) for pattern in patterns)
    return output, results, samples


def _run(command: list[str], work: Path, **more: str) -> str:
    environ = environment(HOME=str(work), **more)
    done = subprocess.run(command, cwd=work, env=environ, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
