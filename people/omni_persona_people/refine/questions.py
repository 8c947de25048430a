"""Write questions for the whole pool, one request for each asked field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from omni_persona_people.persona_line import Mark
from omni_persona_people.pool_questions import OwnQuestions, WordingFile
from omni_persona_people.refine import prompts
from omni_persona_people.refine.draft import Draft, Refusal
from omni_persona_people.refine.exchange import WHOLE, Asker, Flaws, closed_object
from omni_persona_people.rules.questions import MOST_QUESTIONS, content_of, question_flaw
from omni_persona_people.rules.wording import QUESTIONS


@dataclass
class PoolQuestions:
    """The state of a pool's questions while the model works on them."""

    by_field: dict[str, list[str]]
    generated: dict[str, Mark]
    """All marks, old and new."""
    added: list[str] = field(default_factory=list)
    """Fields that received questions."""
    refusals: list[Refusal] = field(default_factory=list)

    @classmethod
    def of(cls, own: OwnQuestions) -> PoolQuestions:
        """Start from the pool's existing questions."""
        return cls({asked: list(some) for asked, some in own.by_field.items()}, dict(own.generated))

    def file(self) -> str:
        """The text of `wording.json`, independent of the order in which questions arrived."""
        questions = {asked: self.by_field[asked] for asked in QUESTIONS if asked in self.by_field}
        marks = {
            key: self.generated[key] for key in (f"questions.{asked}" for asked in questions) if key in self.generated
        }
        return WordingFile(questions=questions, generated=marks).model_dump_json(indent=1) + "\n"


class QuestionWriter:
    """Writes questions that name nobody in the pool and contain no word of an answer."""

    def __init__(self, drafts: Sequence[Draft], asker: Asker) -> None:
        """drafts: everybody in the pool, with their profiles filled."""
        self._asker = asker
        self._names = content_of(draft.entry.name for draft in drafts)
        self._answers = {
            asked: content_of(draft.values[asked] for draft in drafts if asked in draft.values) for asked in QUESTIONS
        }

    def drop_leaks(self, questions: PoolQuestions) -> None:
        """Remove existing questions that contain a word of a value added since."""
        for asked, templates in list(questions.by_field.items()):
            flaws = {one: question_flaw(one, asked, self._answers[asked], self._names) for one in templates}
            questions.by_field[asked] = [one for one, reason in flaws.items() if reason is None]
            reasons = [f"{one!r} {reason}" for one, reason in flaws.items() if reason]
            questions.refusals += [Refusal(None, f"questions.{asked}", f"left out: {reason}") for reason in reasons]
            if not questions.by_field[asked]:
                del questions.by_field[asked]
                questions.generated.pop(f"questions.{asked}", None)

    async def write(self, asked: str, questions: PoolQuestions) -> None:
        """Add questions about a field that has none of its own."""
        good: list[str] = []

        async def accept(reply: dict[str, Any]) -> Flaws:
            said = reply.get("questions")
            if set(reply) != {"questions"} or not isinstance(said, list) or not said:
                return {WHOLE: "expected one list, questions"}
            flaws: Flaws = {}
            for number, template in enumerate(said[:MOST_QUESTIONS], start=1):
                if not isinstance(template, str):
                    flaws[f"question {number}"] = "expected a text"
                elif reason := question_flaw(template.strip(), asked, self._answers[asked], self._names):
                    flaws[f"question {number}"] = reason
                elif template.strip() not in good and len(good) < MOST_QUESTIONS:
                    good.append(template.strip())
            return flaws

        schema = closed_object({"questions": {"type": "array", "items": {"type": "string"}}})
        flaws = await self._asker.exchange(prompts.message(prompts.ASK, prompts.asking(asked)), schema, accept)
        if good:
            questions.by_field[asked] = good
            questions.generated[f"questions.{asked}"] = Mark(by=self._asker.client.model, how="written")
            questions.added.append(asked)
        else:
            reason = "; ".join(f"{what}: {why}" for what, why in flaws.items())
            questions.refusals.append(Refusal(None, f"questions.{asked}", reason))
