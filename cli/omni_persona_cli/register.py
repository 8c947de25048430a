"""`omni-persona register`: make the metric available by name."""

from __future__ import annotations

from omni_persona_cli.console import out

EXAMPLES = """Example:

omni-persona register && python -c "import evaluate; print(evaluate.load('omni_persona_cal').description)\""""


def register() -> None:
    """Make evaluate.load("omni_persona_cal") work from any folder, also offline."""
    from omni_persona_cal.register import register as register_metric

    folder = register_metric()
    out.print(
        f'Registered: evaluate.load("omni_persona_cal") now works anywhere. It is in {folder}',
        soft_wrap=True,
    )
