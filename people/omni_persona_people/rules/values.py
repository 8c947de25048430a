"""Rules for a profile value that a model found or invented: it must fit our sentences and reveal no other value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from omni_persona_people.rules.content_words import content_words, share_words
from omni_persona_people.rules.texts import gendered, names_somebody, plain_flaw
from omni_persona_people.rules.wording import STATEMENTS

LONGEST_VALUE = 120
"""Maximum length in characters."""

LOOKS = ("appearance", "clothing", "hairstyle")
"""Fields that describe the same visual impression and may share words."""

_PLACING = (
    "aboard|above|across|against|along|alongside|amid|among|around|at|before|behind|below|beneath|beside|between|"
    "beyond|by|down|during|from|in|inside|near|next to|off|on|opposite|out of|outside|over|past|round|through|to|"
    "towards|under|underneath|up|upon|with|within"
)
_SUBJECT = "i|he|she|it|they|we|you|who"
_VERB = "am|is|are|was|were|be|has|have|had|does|do|did"

OPENINGS: dict[str, tuple[str, str]] = {
    "role": (rf"(?!(?:a|an|the|as|{_SUBJECT}|{_VERB}|works?)\b)", "names a job, without an article"),
    "affiliation": (rf"(?!(?:by|with|at|for|{_SUBJECT}|{_VERB})\b)", "is the name of an employer"),
    "major": (rf"(?!(?:a|an|in|{_SUBJECT}|{_VERB}|studied)\b)", "names a subject of study"),
    "hobby": (rf"(?!(?:to|into|{_SUBJECT}|{_VERB})\b)", "names a pastime"),
    "interest": (rf"(?!(?:to|in|on|{_SUBJECT}|{_VERB})\b)", "names a subject"),
    "topic": (rf"(?!(?:about|to|{_SUBJECT}|{_VERB})\b)", "reads after “about”"),
    "clothing": (rf"(?!(?:wearing|wears|dressed|in|{_SUBJECT}|{_VERB})\b)", "names clothes"),
    "hairstyle": (rf"(?!(?:with|{_SUBJECT}|{_VERB})\b)", "names how the hair is worn"),
    "appearance": (rf"(?!(?:{_SUBJECT}|{_VERB}|looks?|looked)\b)", "describes looks without a verb"),
    "emotion": (rf"(?!(?:a|an|the|{_SUBJECT}|{_VERB}|feels?|felt|feeling)\b)", "is one or more adjectives"),
    "location": (rf"(?!(?:{_PLACING}|{_SUBJECT}|{_VERB})\b)", "names a place, without a preposition"),
    "environment": (rf"(?:{_PLACING})\b", "begins with a preposition"),
    "food_preference": (rf"(?!(?:to|{_SUBJECT}|{_VERB}|likes?|eats?|eating)\b)", "names something to eat"),
    "travel_experience": (rf"(?:{_PLACING})\b", "begins with a preposition, because it is read after “travelled”"),
    "life_event": (
        rf"(?!(?:a|an|the|that|recently|{_PLACING}|{_SUBJECT}|{_VERB})\b)(?!\w+ing\b)",
        "begins with a verb in the past tense",
    ),
}
"""Field -> a pattern for the beginning of its value, and a description of it."""

_TYPE = re.compile(r"[IE][NS][FT][JP]")
_NOTHING = re.compile(
    r"(?:none|null|nil|n/?a|nothing|unknown|undisclosed|unspecified|not \w+|no (?:information|answer)|"
    r"i cannot\b.*|i can't\b.*|i'm sorry\b.*|sorry\b.*|as an ai\b.*)\.?",
    re.IGNORECASE,
)


def value_flaw(
    field: str,
    value: str,
    others: Mapping[str, str],
    name: str,
    spoken: Sequence[str] = (),
    clauses: Mapping[str, Sequence[str]] | None = None,
) -> str | None:
    """The reason why a value may not be used in a person's profile, or None.

    others: the person's other fields that have a value. spoken: what their clips say; an invented value may not share
    words with it. clauses: existing clauses for their other fields.
    """
    if reason := plain_flaw(value, LONGEST_VALUE):
        return reason
    if _NOTHING.fullmatch(value):
        return f"{value!r} says nothing"
    if names_somebody(value, name):
        return "contains a word of the person's name"
    if field not in STATEMENTS:
        return None  # no note states it
    if reason := _form_flaw(field, value):
        return reason
    for other, held in others.items():
        if other in STATEMENTS and not (field in LOOKS and other in LOOKS) and share_words(value, held):
            return f"shares a word with {other}, {held!r}"
    for other, written in (clauses or {}).items():
        stated = content_words(others.get(other, ""))
        # The rule for clauses from the other side: words that a clause adds to its own value may not occur in this one.
        if other != field and any(content_words(value) & content_words(clause) - stated for clause in written):
            return f"shares a word with what states {other}"
    if any(share_words(value, said) for said in spoken):
        return "shares a word with what a clip of the person says"
    return None


def _form_flaw(field: str, value: str) -> str | None:
    if field == "MBTI":
        return None if _TYPE.fullmatch(value) else f"{value!r} is none of the 16 types, such as ENFP"
    if any(mark in value for mark in '“”"{}<>'):
        return "contains a quotation mark or a bracket"
    if field == "quote":
        return None
    if value[-1] in ".!?;:,":
        return f"ends in {value[-1]!r}"
    if (word := gendered(value)) is not None:
        return f"reveals a gender by {word!r}"
    pattern, says = OPENINGS[field]
    if re.match(pattern, value, re.IGNORECASE) is None:
        return f"{value!r} does not fit: a value of {field} {says}"
    return None
