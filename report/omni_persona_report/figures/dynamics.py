"""A model over its checkpoints: answering, abstaining and answer length during training."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona_cal import figure as drawing
from omni_persona_report.figures.figure import Figure
from omni_persona_report.runs.analyses import Checkpoint

LINES = ("one_minus_fa", "ta", "cal")


def dynamics(checkpoints: Sequence[Checkpoint], measure: str) -> Figure:
    """Two panels per training run over the same steps: rates, and words per answer."""
    trained = sorted({one.training for one in checkpoints})
    top, tall, low = 0.3, 1.3, 0.7
    block = top + tall + 0.18 + low + 0.45
    figure = drawing.sheet(block * len(trained))
    said = []
    for number, name in enumerate(trained):
        part = [one for one in checkpoints if one.training == name]
        steps = [one.step for one in part]
        y = block * number
        drawing.words(figure, 0.1, y + 0.14, drawing.short(name, 50), fontweight="bold")
        rates = drawing.axes(figure, 0.5, y + top, drawing.WIDTH - 1.05, tall)
        words = drawing.axes(figure, 0.5, y + top + tall + 0.18, drawing.WIDTH - 1.05, low)
        rates.set(ylim=(0, 100), ylabel="rate (%)", xticklabels=[])
        for place, (key, label) in enumerate(zip(LINES, ("1-FA", "TA", "Cal"), strict=True)):
            values = [100 * value if (value := one.values[key].value) is not None else float("nan") for one in part]
            rates.plot(steps, values, linewidth=1, **drawing.sign(place))
            rates.text(1.02, (place + 0.5) / 3, label, transform=rates.transAxes, color=drawing.SERIES[place])
            said.append(
                f"{name}, {label}: " + ", ".join(f"step {s} {v:.1f}" for s, v in zip(steps, values, strict=True))
            )
        lengths = [value if (value := one.values["mean_len"].value) is not None else float("nan") for one in part]
        words.plot(steps, lengths, linewidth=1, **drawing.sign(3))
        words.set(xlabel="training step", ylabel="words", ylim=(0, None))
        words.set_xlim(rates.get_xlim())
        for panel in (rates, words):
            panel.grid(True)
    return Figure(
        "dynamics",
        "Over the checkpoints of a training run",
        "1-FA falls if a model learns to abstain from everything; TA rises if it learns when to abstain. Cal combines "
        f"both ({measure}). Below: words per answer.",
        "; ".join(said) + ".",
        figure,
    )
