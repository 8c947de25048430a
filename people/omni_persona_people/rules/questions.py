"""Rules for a question about a field that can be asked of anybody in the pool; `{who}` marks the pointer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from omni_persona_people.rules.content_words import content_words
from omni_persona_people.rules.texts import gendered, plain_flaw

LONGEST_QUESTION = 160
"""Maximum length in characters."""
MOST_QUESTIONS = 16
"""Maximum number of questions for one field."""
WHO = "{who}"

KEY_WORDS: dict[str, tuple[str, ...]] = {
    "role": ("job", "living", "occupation", "profession"),
    "affiliation": ("employer", "employs", "organisation", "company"),
    "major": ("degree", "study", "studied"),
    "hobby": ("hobby", "free time", "spare time", "pastime"),
    "interest": ("interest", "interests", "passion"),
    "MBTI": ("personality",),
    "quote": ("motto", "quote"),
    "topic": ("topic", "talk", "discuss"),
    "clothing": ("clothes", "clothing", "outfit"),
    "hairstyle": ("hair", "hairstyle"),
    "appearance": ("looks", "appearance"),
    "emotion": ("mood", "emotion", "feeling"),
    "location": ("place", "town", "city"),
    "environment": ("surroundings", "environment", "setting"),
}
"""Asked field -> words of which a question needs one before the pointer, so that it is clear what it asks for."""

_STEMS: dict[str, tuple[str, ...]] = {
    "role": ("job", "living", "occupation", "role", "profession", "work"),
    "affiliation": ("employ", "affiliat", "organis", "organiz", "company"),
    "major": ("major", "stud", "degree"),
    "hobby": ("hobb", "free time", "spare time", "pastime"),
    "interest": ("interest", "passion"),
    "MBTI": ("personality", "mbti"),
    "quote": ("motto", "quote", "to say"),
    "topic": ("topic", "talk", "discuss"),
    "clothing": ("cloth", "wear", "outfit", "dress"),
    "hairstyle": ("hair",),
    "appearance": ("look", "appear"),
    "emotion": ("mood", "feel", "felt", "emotion"),
    "location": ("place", "town", "city", "location", "where"),
    "environment": ("surround", "environment", "setting"),
    "name": ("name", "called"),
}
"""Field -> character sequences that questions about other fields may not contain."""


def question_flaw(template: str, field: str, answers: frozenset[str], names: frozenset[str]) -> str | None:
    """The reason why a template may not ask for `field`, or None.

    answers: content words of all values of the field in the pool; names: content words of all names (see `content_of`).
    """
    if field not in KEY_WORDS:
        return f"no question asks for {field}"
    if reason := plain_flaw(template, LONGEST_QUESTION):
        return reason
    before, who, after = template.partition(WHO)
    # Braces mark placeholders; only the pointer is allowed.
    if not who or re.search(r"[{}]", before + after):
        return f"expected {WHO} once, and no other braces"
    if not template.endswith("?") or re.search(r"[.!?;…“”\"<>]", before + after[:-1]) or not template[0].isupper():
        return "is not a single question that begins with a capital and ends in a question mark"
    text = f"{before} {after}"
    if not any(re.search(rf"\b{word}\b", before, re.IGNORECASE) for word in KEY_WORDS[field]):
        return f"expected one of these before {WHO}: {', '.join(KEY_WORDS[field])}"
    if (word := gendered(text)) is not None:
        return f"reveals a gender by {word!r}"
    held = content_words(text)
    if not held.isdisjoint(names):
        return "contains a word of somebody's name"
    if leaked := sorted(held & answers):
        return f"contains a word of somebody's {field}: {', '.join(leaked)}"
    folded = " ".join(text.casefold().split())
    for other, stems in _STEMS.items():
        if other != field and (stem := next((stem for stem in stems if stem in folded), None)):
            return f"could be taken for a question about {other}, by {stem!r}"
    return None


def content_of(texts: Iterable[str]) -> frozenset[str]:
    """Content words of many texts."""
    return frozenset().union(*map(content_words, texts))
