"""The results of `omni-persona check`, stored in the dataset folder as `checks.json`.

A group "does not need its modality" if a solver finds the right person by something else in the query's picture or
clip (its background, its microphone). A score on that group says nothing about faces or voices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.file_list import rewrite
from omni_persona_artifacts.json_files import read_object

FILE = "checks.json"
UNNEEDED = "does_not_need_its_modality"
"""Key of the groups that do not need their modality, in this file and in a run's `scores.json`."""


def write_check_results(
    folder: Path, results: Sequence[Mapping[str, object]], unneeded: Mapping[str, Sequence[str]]
) -> None:
    """Write the results of checks into a dataset folder.

    results: name, result and observation of each check. unneeded: group that does not need its modality ->
    the checks that show it.
    """
    content = {UNNEEDED: unneeded, "checks": results}
    rewrite(folder, FILE, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def read_unneeded(folder: Path) -> dict[str, list[str]]:
    """Map each group that does not need its modality to the checks that show it; empty if nothing was checked.

    Raises `ArtifactError` if the file does not have the format of `write_check_results`.
    """
    file = folder / FILE
    try:
        unneeded = read_object(file)[UNNEEDED]
        return {str(group): [str(check) for check in checks] for group, checks in unneeded.items()}
    except FileNotFoundError:
        return {}
    except (ArtifactError, KeyError, TypeError, AttributeError):
        raise ArtifactError(
            f"{file}: expected the results of `omni-persona check --write`, got something else"
        ) from None


def about_unneeded(group: str, checks: Sequence[str]) -> str:
    """What it means for a score that a group does not need its modality, in a sentence."""
    working = "; ".join(checks) or "not named"
    return (
        f"{group} does not need its modality (shortcuts that work: {working}): a score on it does not show that a "
        "model sees or hears."
    )
