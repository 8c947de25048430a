"""Run a model on a dataset, judge its answers and score them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omni_persona_runner.api import compare as compare
    from omni_persona_runner.api import judge as judge
    from omni_persona_runner.api import load_model as load_model
    from omni_persona_runner.api import run as run
    from omni_persona_runner.api import score as score
    from omni_persona_runner.model import Answer as Answer
    from omni_persona_runner.model import LoadError as LoadError
    from omni_persona_runner.model import Model as Model
    from omni_persona_runner.model import ModelError as ModelError

__all__ = ["Answer", "LoadError", "Model", "ModelError", "compare", "judge", "load_model", "run", "score"]

_MODULES = {
    "load_model": "omni_persona_runner.api",
    "run": "omni_persona_runner.api",
    "judge": "omni_persona_runner.api",
    "score": "omni_persona_runner.api",
    "compare": "omni_persona_runner.api",
    "Model": "omni_persona_runner.model",
    "Answer": "omni_persona_runner.model",
    "ModelError": "omni_persona_runner.model",
    "LoadError": "omni_persona_runner.model",
}


def __getattr__(name: str) -> Any:
    """Import an export on first access, so that `import omni_persona_runner` stays fast."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
