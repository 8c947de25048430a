"""`omni-persona run`: ask a model every question of a benchmark."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omni_persona_cli.console import err, out

if TYPE_CHECKING:
    from omni_persona_runner.model import Model

EXAMPLES = """Examples:

omni-persona run --model baseline:nearest --out runs/nearest

omni-persona run --model Qwen/Qwen2.5-Omni-3B --batch-size 8 --out runs/qwen-3b

omni-persona run --model ./my-checkpoint --limit 24 --out runs/first-look"""


class Cues(str, Enum):
    """Which query media a model is shown."""

    isolated = "isolated"
    as_released = "as-released"


def run(
    model: Annotated[
        str, typer.Option(help="baseline:abstain, baseline:random, baseline:nearest, a Hub id or a folder.")
    ],
    target: Annotated[
        Path, typer.Option("--out", help="The run folder; the same command again goes on where it stopped.")
    ],
    dataset: Annotated[Path, typer.Option(help="The dataset folder.")] = Path("omni-persona"),
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask that many items, spread over groups and absences.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Items that a checkpoint answers at once.")] = 1,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="The longest answer, in tokens.")] = 256,
    cues: Annotated[
        Cues,
        typer.Option(
            help="isolated: the medium of the query's modality alone. as-released: all that the item has, but no "
            "picture for voice queries."
        ),
    ] = Cues.isolated,
    device: Annotated[str | None, typer.Option(help="Such as cuda:0 or cpu; chosen for you if left out.")] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Such as float16; bfloat16 on a GPU and float32 elsewhere if left out.")
    ] = None,
    trust_remote_code: Annotated[bool, typer.Option(help="Run code that comes with the checkpoint.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="For baseline:random.")] = 0,
) -> None:
    """Ask a model every question and keep its answers in a run folder. Exit code 1 when items failed."""
    from omni_persona_runner.baselines import load_baseline
    from omni_persona_runner.transformers_model import TransformersModel

    loaded: Model
    if model.startswith("baseline:"):
        loaded = load_baseline(model, seed)
    else:
        loaded = TransformersModel(
            model,
            batch_size=batch_size,
            max_new_tokens=max_new_tokens,
            cues=cues.value,
            device=device,
            dtype=dtype,
            trust_remote_code=trust_remote_code,
        )
    if not run_and_report(loaded, dataset, target, limit=limit):
        raise typer.Exit(1)
    out.print(f"Next: omni-persona score {target}", soft_wrap=True)


def run_and_report(model: Model, dataset: Path, target: Path, *, limit: int | None = None) -> bool:
    """Run with a progress display and say what came of it; true where every item has an answer."""
    from omni_persona_runner.run import run as run_model

    summary = run_model(model, dataset, target, limit=limit, console=err if err.is_terminal else None)
    before = f", {summary.n_skipped} answered before" * bool(summary.n_skipped)
    out.print(f"{model.name}: {summary.n_done} answered{before}; run folder {target}", soft_wrap=True)
    if summary.n_failed:
        out.print(
            f"{summary.n_failed} items failed: predictions.jsonl says why; the same command asks them again",
            style="bold red",
        )
    return not summary.n_failed
