"""A recipe: how many items of which task and kind of absence a benchmark has."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

import omni_persona
from omni_persona_artifacts.data_files import MOST_ROWS
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.recipe_text import DESCRIPTION_LENGTH, plain_name
from omni_persona_artifacts.schema_errors import first_flaw
from omni_persona_artifacts.yaml_files import read_yaml
from omni_persona_build.recipes.errors import BuildError

RECIPES = Path(__file__).parent
"""The recipes that ship with the package, one YAML file each."""

MOST_ITEMS = 1_000_000
"""Maximum number of items in a recipe; a build holds its plan in memory."""

Count = Annotated[int, Field(ge=0, le=MOST_ITEMS)]
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Hardness = Literal["hard", "medium", "random"]


class Counts(BaseModel):
    """Number of items of one task, by kind of absence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answerable: Count = 0
    absent_persona: Count = 0
    absent_attribute: Count = 0

    @property
    def total(self) -> int:
        """Number of items of the task."""
        return self.answerable + self.absent_persona + self.absent_attribute


class Recipe(BaseModel):
    """The recipe that `omni-persona build --recipe` reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(plain_name)]
    description: str = Field(default="", max_length=DESCRIPTION_LENGTH)
    contexts: int = Field(default=4, ge=3, le=16)
    """K, the number of memories for each question. (With two, an absent attribute would reveal the person asked about.)
    """
    items_per_sample: int = Field(default=3, ge=1, le=5)
    """Maximum number of questions that share a set of memories; each asks for another kind of attribute."""
    split: Literal["test", "train"] = "test"
    """The split that the items are written to: `train` for people that no test asks about."""
    distractors: Hardness = "hard"
    """How similar the people of a set of memories are."""
    clip_seconds: tuple[Seconds, Seconds] = (2.0, 30.0)
    """Minimum and maximum clip length in seconds."""
    tasks: dict[str, Counts] = Field(min_length=1)

    @model_validator(mode="after")
    def _known_tasks(self) -> Recipe:
        unknown = sorted(set(self.tasks) - set(omni_persona.TASKS))
        if unknown:
            raise ValueError(f"unknown tasks {', '.join(unknown)}; expected some of {', '.join(omni_persona.TASKS)}")
        if not self.total:
            raise ValueError("the recipe asks for no items")
        if self.total > MOST_ITEMS:
            raise ValueError(f"the recipe asks for {self.total:,} items, expected at most {MOST_ITEMS:,}")
        # The side file has a row for each context of each item.
        if self.total * self.contexts > MOST_ROWS:
            raise ValueError(
                f"the recipe asks for {self.total:,} items of {self.contexts} contexts, expected at most "
                f"{MOST_ROWS // self.contexts:,}"
            )
        return self

    @property
    def total(self) -> int:
        """Total number of items."""
        return self.counts().total()

    @property
    def groups(self) -> frozenset[str]:
        """Groups with at least one item."""
        return frozenset(task.group for task in self._filled())

    @property
    def asked_groups(self) -> frozenset[str]:
        """Kinds of attribute that the recipe asks for."""
        return frozenset(task.asked_group for task in self._filled())

    def _filled(self) -> list[omni_persona.Task]:
        return [omni_persona.TASKS[name] for name, counts in self.tasks.items() if counts.total]

    def counts(self) -> Counter[tuple[str, omni_persona.Absence]]:
        """(task, absence) -> number of items, in the recipe's order."""
        return Counter(
            {
                (name, absence): count
                for name, task in self.tasks.items()
                for absence, count in zip(
                    omni_persona.ABSENCES,
                    (task.answerable, task.absent_persona, task.absent_attribute),
                    strict=True,
                )
            }
        )


def recipe_names() -> list[str]:
    """Names of the recipes that ship with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def load_recipe(name_or_file: str) -> Recipe:
    """Read a shipped recipe by name, or a YAML file. Raises `BuildError` that names file and field."""
    file = RECIPES / f"{name_or_file}.yaml" if name_or_file in recipe_names() else Path(name_or_file)
    try:
        return Recipe.model_validate(read_yaml(file))
    except FileNotFoundError:
        raise BuildError(f"no recipe {name_or_file!r}: expected {', '.join(recipe_names())} or a YAML file") from None
    except ArtifactError as error:
        raise BuildError(str(error)) from None
    except ValidationError as error:
        fields = [*Recipe.model_fields, *Counts.model_fields]
        raise BuildError(f"{file}: {first_flaw(error, 'the recipe', fields)}") from None
