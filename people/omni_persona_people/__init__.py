"""Persona pools: their schema and rules, invented people, and refining by a language model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omni_persona_people.api import load_pool as load_pool
    from omni_persona_people.errors import PoolError as PoolError
    from omni_persona_people.invent.api import generate_pool as generate_pool
    from omni_persona_people.persona import Persona as Persona

__all__ = ["Persona", "PoolError", "generate_pool", "load_pool"]

_MODULES = {
    "load_pool": "omni_persona_people.api",
    "generate_pool": "omni_persona_people.invent.api",
    "Persona": "omni_persona_people.pool",
    "PoolError": "omni_persona_people.errors",
}


def __getattr__(name: str) -> Any:
    """Import exported names on first access, so that `import omni_persona_people` is fast."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
