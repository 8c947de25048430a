"""What a clause of an answer does: it declines, doubts, answers, or none of these."""

from __future__ import annotations

import re
from enum import Enum

from .abstention_answers import (
    ASKS_WHO,
    DETAIL,
    FILLER,
    HEDGED,
    IDENTIFIES,
    IDIOMS,
    IS_NOT,
    LINKS,
    NO,
    NOBODY,
    NOT_THINKING,
    OF_OTHERS,
    QUOTES_NEXT,
    RECAPS,
    REPORTING,
    SAYING,
    SAYS_THAT,
    STATES,
    THAT_IS_ALL,
    UNLESS,
    UNSEEN,
    UNSURE,
    VERB,
)
from .abstention_clauses import Clause
from .abstention_denials import DECLINING, PERSON_UNKNOWN
from .abstention_words import OF_THE_PERSON

_ADJUNCT = re.compile(
    r"(?:with|without|unable|not knowing|and (?:do|does|did|is|are|was|were|has|have|had|can|could) not)\b"
)
_LONGEST_FORMULA = 4
"""Words of a clause that stands alone, whatever follows a comma."""
_LONGEST_LABEL = 4
"""Words of a label before a colon."""


class Act(Enum):
    """What a clause does."""

    DECLINES = "declines"
    DETAIL = "leaves a detail open"
    DOUBTS = "doubts"
    IDENTIFIES = "says who it is"
    ANSWERS = "answers"
    EXCLUDES = "says what is not so"
    NOTHING = "none of these"


def act_of(clause: Clause) -> Act:
    """What a clause does. A clause that nothing else fits answers: fragments do ("Ghent")."""
    words = IDIOMS.sub(" ", clause.words).strip()
    words = NOT_THINKING.sub("not", " ".join(words.split()))
    if NOBODY.fullmatch(words):
        return Act.DECLINES
    if not words or LINKS.fullmatch(words) or NO.fullmatch(words) or OF_OTHERS.search(words):
        return Act.NOTHING
    if UNLESS.search(words):
        return Act.ANSWERS
    if THAT_IS_ALL.search(words):
        return Act.DETAIL
    if RECAPS.search(words) and not any(one.search(words) for one in DECLINING):
        return Act.NOTHING
    if SAYING.search(words) or STATES.search(words) or REPORTING.search(words):
        return Act.ANSWERS
    if OF_THE_PERSON.search(words):
        if PERSON_UNKNOWN.search(words):
            return Act.DETAIL if DETAIL.search(words) else Act.DECLINES
        if IDENTIFIES.search(words):
            return Act.IDENTIFIES
        return Act.ANSWERS
    if UNSURE.search(words):
        return Act.DOUBTS
    if any(one.search(words) for one in DECLINING):
        return Act.DETAIL if DETAIL.search(words) or UNSEEN.search(words) else Act.DECLINES
    if not clause.labels and ASKS_WHO.search(words):
        return Act.DOUBTS
    if IDENTIFIES.search(words):
        return Act.IDENTIFIES
    if HEDGED.search(words) or SAYS_THAT.search(words):
        return Act.ANSWERS
    is_label = clause.labels and len(words.split()) <= _LONGEST_LABEL
    if IS_NOT.search(words):
        return Act.EXCLUDES
    if is_label or FILLER.search(words):
        return Act.NOTHING
    return Act.ANSWERS


def is_fragment(clause: Clause) -> bool:
    """Whether a clause has no verb."""
    return VERB.search(clause.words) is None and not OF_THE_PERSON.search(clause.words)


def goes_on(before: Clause, act: Act, clause: Clause) -> bool:
    """Whether a fragment belongs to the clause before, whose act is given ("no job, hobby or food")."""
    is_contrast = clause.words.startswith("but ")
    if not clause.after_comma or is_contrast or not is_fragment(clause) or HEDGED.search(clause.words):
        return False
    n = 0 if before.words.startswith("if ") else len(before.words.split())
    # A few words that decline stand alone: "no idea, Ghent".
    return n > _LONGEST_FORMULA if act is Act.DECLINES else n > 1 and act in (Act.NOTHING, Act.IDENTIFIES)


def is_adjunct(clause: Clause) -> bool:
    """Whether a clause goes on about the same person ("with no idea where to go", "and doesn't know where")."""
    return _ADJUNCT.match(clause.words) is not None


def announces_words(clause: Clause) -> bool:
    """Whether what follows is a person's words ("her motto is: ...")."""
    return clause.labels and QUOTES_NEXT.search(clause.words) is not None


def opposes(clause: Clause) -> bool:
    """Whether a clause is a condition under which an answer would be another ("if it isn't the baker, ...")."""
    return UNLESS.search(clause.words) is not None


def concedes(clause: Clause) -> bool:
    """Whether a clause merely concedes something ("though I don't know where")."""
    return re.match(r"(?:even )?(?:though|although|while|whereas)\b", clause.words) is not None


def says_nothing(text: list[Clause]) -> bool:
    """Whether all that a text says is no."""
    return (
        bool(text)
        and all(NO.fullmatch(one.words) for one in text)
        and any(one.words in ("no", "nope", "nah", "neither", "i am afraid not") for one in text)
    )
