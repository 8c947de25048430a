"""The composition of a corpus: how many examples of each task type."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.recipe_text import DESCRIPTION_LENGTH, plain_name
from omni_persona_artifacts.yaml_files import read_yaml
from omni_persona_training.corpus.example import TASK_TYPES
from omni_persona_training.errors import TrainingError

RECIPES = Path(__file__).parent / "recipes"
"""The recipes that ship with the package, one YAML file each."""

TOLERANCE = 0.051
"""Tolerance, in percent, for the sum of rounded shares."""

MOST_EXAMPLES = 10_000_000
"""Maximum number of examples in a corpus."""

_Count = Annotated[int, Field(ge=0, le=MOST_EXAMPLES)]
_Share = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class CorpusRecipe(BaseModel):
    """The recipe that `omni-persona train-data --recipe` reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(plain_name)]
    description: str = Field(default="", max_length=DESCRIPTION_LENGTH)
    total: int = Field(ge=1, le=MOST_EXAMPLES)
    """Total number of examples."""
    absent: float = Field(default=0.2, ge=0, le=0.9, allow_inf_nan=False)
    """Fraction of localizations and questions that have no answer."""
    shares: dict[str, _Share] | None = None
    """Percentage of examples of each task type; must sum to 100."""
    counts: dict[str, _Count] | None = None
    """Alternatively, the number of examples of each task type; must sum to `total`."""

    @model_validator(mode="after")
    def _adds_up(self) -> CorpusRecipe:
        if (self.shares is None) == (self.counts is None):
            raise ValueError("expected either shares or counts")
        given = self.shares if self.counts is None else self.counts
        if unknown := sorted(set(given or {}) - set(TASK_TYPES)):
            raise ValueError(f"unknown task types {', '.join(unknown)}; expected some of {', '.join(TASK_TYPES)}")
        if self.shares is not None and abs(sum(self.shares.values()) - 100) > TOLERANCE:
            raise ValueError(f"the shares add up to {sum(self.shares.values()):g} percent, expected 100")
        if self.counts is not None and sum(self.counts.values()) != self.total:
            raise ValueError(f"the counts add up to {sum(self.counts.values())}, expected the total of {self.total}")
        return self

    def wanted(self, total: int | None = None) -> dict[str, int]:
        """Task type -> number of examples, exact to one example; sums to exactly `total` (None: the recipe's)."""
        if self.counts is not None and total in (None, self.total):
            return {task: count for task, count in self.counts.items() if count}
        parts = self.shares if self.counts is None else {task: float(count) for task, count in self.counts.items()}
        return divided(total or self.total, parts or {})


def divided(total: int, parts: dict[str, float]) -> dict[str, int]:
    """Divide `total` in proportion to some parts by the largest remainder method."""
    whole = sum(parts.values())
    exact = {name: total * part / whole for name, part in parts.items() if part}
    counts = {name: math.floor(value) for name, value in exact.items()}
    left = total - sum(counts.values())
    for name in sorted(exact, key=lambda name: (counts[name] - exact[name], name))[:left]:
        counts[name] += 1
    return {name: count for name, count in counts.items() if count}


def recipe_names() -> list[str]:
    """Names of the recipes that ship with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def load_recipe(name_or_file: str) -> CorpusRecipe:
    """Read a shipped recipe by name, or a YAML file. Raises `TrainingError` that names file and field."""
    file = RECIPES / f"{name_or_file}.yaml" if name_or_file in recipe_names() else Path(name_or_file)
    try:
        content = read_yaml(file)
        # A recipe without a name has that of its file.
        return CorpusRecipe.model_validate({"name": file.stem, **content} if isinstance(content, dict) else content)
    except FileNotFoundError:
        expected = f"{', '.join(recipe_names())} or a YAML file"
        raise TrainingError(f"no recipe {name_or_file!r}: expected {expected}") from None
    except ArtifactError as error:
        raise TrainingError(str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the recipe"
        raise TrainingError(f"{file}: {place}: {first['msg'].removeprefix('Value error, ')}") from None
