"""The logs of harnesses in tests/artifacts/logs, and what a command printed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOGS = Path(__file__).resolve().parents[1] / "artifacts" / "logs"
"""Written by inspect_ai 0.3.285 and lmms-eval 0.7.3, whose tasks of `integrations/` asked the server of `peers`."""


@dataclass
class Printed:
    """What a command printed, and its exit code."""

    exit_code: int
    output: str
    stdout: str
