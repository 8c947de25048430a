"""Persona pool to Persona Modality Graph to items to dataset folder."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omni_persona_build.api import build as build
    from omni_persona_build.api import check as check
    from omni_persona_build.api import import_release as import_release
    from omni_persona_build.recipes import Recipe as Recipe
    from omni_persona_build.recipes import load_recipe as load_recipe
    from omni_persona_build.recipes.errors import BuildError as BuildError

__all__ = ["BuildError", "Recipe", "build", "check", "import_release", "load_recipe"]

_MODULES = {
    "build": "omni_persona_build.api",
    "check": "omni_persona_build.api",
    "import_release": "omni_persona_build.api",
    "load_recipe": "omni_persona_build.recipes",
    "Recipe": "omni_persona_build.recipes",
    "BuildError": "omni_persona_build.recipes.errors",
}


def __getattr__(name: str) -> Any:
    """Import exported names on first access, so that `import omni_persona_build` is fast."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
