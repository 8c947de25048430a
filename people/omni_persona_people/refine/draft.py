"""The state of one person's line while the model works on it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from omni_persona_people.persona_line import PersonaLine, read_line
from omni_persona_people.refine.exchange import WHOLE

_TO_ESCAPE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters and separators that some readers take for a line end, and unpaired surrogates."""


@dataclass(frozen=True)
class Refusal:
    """A part that was left unchanged, and the reason."""

    person: str | None
    """A persona id; None for something that concerns the whole pool."""
    what: str
    """A path such as `profile.hobby`, `statements.hobby` or `questions.hobby`."""
    reason: str


@dataclass
class Draft:
    """One person's line. Existing content never changes; missing content may be added, with its mark."""

    text: str
    """The original line."""
    entry: PersonaLine
    values: dict[str, str]
    """The profile's fields that have a value, original or added."""
    statements: dict[str, list[str]]
    generated: dict[str, dict[str, str]] = field(default_factory=dict)
    """The added marks."""
    refusals: list[Refusal] = field(default_factory=list)

    @classmethod
    def of(cls, line: str, where: str) -> Draft:
        """Parse a line of `personas.jsonl`. Raises `PoolError`."""
        entry = read_line(line, where)
        return cls(line, entry, entry.values(), {field: list(some) for field, some in entry.statements.items()})

    @property
    def given(self) -> dict[str, str]:
        """The fields that had a value originally."""
        return self.entry.values()

    @property
    def dialogue(self) -> str:
        """What the person said: the dialogue, or the transcripts of the clips."""
        dialogue = self.entry.dialogue
        if dialogue is None:
            return "\n".join(self.entry.spoken())
        return dialogue if isinstance(dialogue, str) else "\n".join(f"{turn.speaker}: {turn.text}" for turn in dialogue)

    def add_value(self, field: str, value: str, by: str, how: str) -> None:
        """Fill a field that had no value."""
        assert field not in self.values, f"{self.entry.persona_id}: {field} has a value already"
        self.values[field] = value
        self.generated[f"profile.{field}"] = {"by": by, "how": how}

    def add_clauses(self, field: str, clauses: list[str], by: str) -> None:
        """Add clauses to a field that had none."""
        assert field not in self.statements, f"{self.entry.persona_id}: {field} has clauses already"
        self.statements[field] = clauses
        self.generated[f"statements.{field}"] = {"by": by, "how": "written"}

    def refuse(self, part: str, flaws: dict[str, str]) -> None:
        """Record what was left unchanged; flaws: field, or `WHOLE` for the whole part -> reason."""
        for what, reason in flaws.items():
            self.refusals.append(Refusal(self.entry.persona_id, part if what == WHOLE else f"{part}.{what}", reason))

    def line(self, paths: dict[str, str]) -> str:
        """The current line as text; the original text if nothing was added.

        paths: a medium's path -> its path in the refined pool.
        """
        record: dict[str, Any] = json.loads(self.text)
        for medium in (*record["images"], *record["audios"]):
            medium["path"] = paths[medium["path"]]
        for key in self.generated:
            part, _, field_ = key.partition(".")
            if part == "profile":
                record["profile"][field_] = self.values[field_]
            else:
                record.setdefault("statements", {})[field_] = self.statements[field_]
        if self.generated:
            record["generated"] = record.get("generated", {}) | self.generated
        if record == json.loads(self.text):
            return self.text
        return _TO_ESCAPE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(record, ensure_ascii=False))
