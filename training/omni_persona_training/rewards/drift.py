"""Output of the reward simulation: records, a CSV file and a figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omni_persona_artifacts.output_files import OutputFiles
from omni_persona_training.rewards.simulate import POLICIES, Simulated

FIGURE = "rewards.svg"
TABLE = "rewards.csv"

_COLOURS = dict(
    zip((policy.name for policy in POLICIES), ("#888888", "#bb5566", "#ddaa33", "#4477aa", "#228833"), strict=True)
)


def record(one: Simulated) -> dict[str, Any]:
    """A row of the table: rates in 0..1, rounded to four decimals."""
    numbers = {
        "expected_reward": one.expected,
        **{f"push_{case}": push for case, push in one.pushes.items()},
        "groups_without_signal": one.silent,
        "one_minus_fa": one.one_minus_fa,
        "ta": one.ta,
        "cal": one.cal,
    }
    return {"reward": one.reward, "policy": one.policy, "p": one.p, **{k: round(v, 4) for k, v in numbers.items()}}


def output(folder: Path, *, overwrite: bool = False) -> OutputFiles:
    """The files of a simulation in a folder, before it is made. Raises `ArtifactError` if they may not be written."""
    files = OutputFiles(overwrite=overwrite)
    files.require_folder(folder)
    for name in (TABLE, FIGURE):
        files.require_file(folder / name)
    return files


def write(results: Sequence[Simulated], folder: Path, files: OutputFiles) -> None:
    """Write the table and the figure of some results. Raises `ArtifactError`."""
    files.add(folder / TABLE, table(results))
    files.add(folder / FIGURE, figure(results))
    files.write()


def table(results: Sequence[Simulated]) -> bytes:
    """All results as CSV, one per line."""
    lines = [record(one) for one in results]
    with io.StringIO(newline="") as text:
        writer = csv.DictWriter(text, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
        return text.getvalue().encode()


def figure(results: Sequence[Simulated]) -> bytes:
    """An SVG with one panel per reward: final 1-FA against TA of each policy, larger marks for larger p.

    Needs matplotlib.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rewards = list(dict.fromkeys(one.reward for one in results))
    drawing = Figure(figsize=(3.2 * len(rewards), 3.6), layout="constrained")
    FigureCanvasAgg(drawing)
    panels = drawing.subplots(1, len(rewards), sharex=True, sharey=True, squeeze=False)[0]
    starts = {policy.name: policy for policy in POLICIES}
    for panel, reward in zip(panels, rewards, strict=True):
        for one in (one for one in results if one.reward == reward):
            start, colour = starts.get(one.policy), _COLOURS.get(one.policy, "#000000")
            if start is not None:
                begin = (100 * (1 - start.false_abstention), 100 * start.true_abstention)
                end = (100 * one.one_minus_fa, 100 * one.ta)
                panel.plot(*zip(begin, end, strict=True), color=colour, linewidth=0.6, alpha=0.5)
            panel.scatter(100 * one.one_minus_fa, 100 * one.ta, s=10 + 60 * one.p, color=colour, alpha=0.8)
        panel.set(title=reward, xlabel="1-FA x 100", xlim=(-4, 104), ylim=(-4, 104))
    panels[0].set_ylabel("TA x 100")
    for name, colour in _COLOURS.items():
        panels[0].scatter([], [], color=colour, label=name)
    drawing.legend(loc="outside lower center", ncols=len(_COLOURS), frameon=False)
    drawn = io.BytesIO()
    with rc_context({"svg.hashsalt": FIGURE}):  # equal results give equal bytes
        drawing.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()
