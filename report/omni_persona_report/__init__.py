"""Reports of one or more runs: an interactive HTML file, and tables and figures for a paper."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omni_persona_report.write import Report as Report
    from omni_persona_report.write import write_report as write_report

__all__ = ["Report", "write_report"]

_MODULES = {
    "Report": "omni_persona_report.write",
    "write_report": "omni_persona_report.write",
}


def __getattr__(name: str) -> Any:
    """Import an export on first access, so that `import omni_persona_report` stays fast."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
