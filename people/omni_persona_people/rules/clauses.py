"""Rules for a clause that states one fact of a person in a note, read after `They`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from omni_persona_people.rules.content_words import WORD, content_words, states
from omni_persona_people.rules.texts import cut_out, gendered, names_somebody, plain_flaw, words
from omni_persona_people.rules.wording import STATEMENTS

MOST_CLAUSES = 8
"""Maximum number of clauses for one field of one person."""
LONGEST_FRAME = 120
"""Maximum number of characters by which a clause may be longer than its value."""
MOST_OWN_WORDS = 6
"""Maximum number of content words besides the value; more would add information."""

STATING: dict[str, tuple[str, ...]] = {
    "role": ("work as", "worked as", "living as", "job"),
    "affiliation": ("employed by", "contract with", "work for", "work at"),
    "major": ("studied", "degree", "major"),
    "hobby": ("hobby", "free time", "spare time", "pastime"),
    "interest": ("interested in", "passionate", "passion for", "read everything"),
    "MBTI": ("personality",),
    "quote": ("“",),
    "topic": ("talked", "topic", "spoke about", "discussed"),
    "clothing": ("wearing", "wear", "dressed", "clothes"),
    "hairstyle": ("hair",),
    "appearance": ("looked", "described by", "appearance"),
    "emotion": ("seemed", "came across", "felt", "mood"),
    "location": ("met me in", "ran into me in"),
    "environment": ("spoke with me", "stood before me", "surrounded"),
}
"""Asked field -> words of which its clause must contain one and clauses about other fields none: a note must make clear
which field it states.
"""

_NO_START = re.compile(r"(?:i|he|she|it|they|we|you|who|that|and|but|or|an?|the)\b")
_PLAIN_S = ("always", "sometimes", "nowadays", "perhaps", "besides", "afterwards")
"""Words in -s that are not a third-person verb."""


def clause_flaw(
    clause: str, field: str, values: Mapping[str, str], name: str, spoken: Sequence[str] = ()
) -> str | None:
    """The reason why a clause may not state `field` in a note about a person, or None.

    values: the person's fields that have a value; spoken: what their clips say.
    """
    if field not in STATEMENTS or field not in values:
        return f"there is no value of {field} to state"
    value = values[field]
    if reason := plain_flaw(clause, len(value) + LONGEST_FRAME):
        return reason
    if not states(clause, value):
        return f"does not contain every word of {value!r}"
    if reason := _form_flaw(clause, value):
        return reason
    if reason := _subject_flaw(clause, field, value):
        return reason
    own = content_words(clause) - content_words(value)
    if len(own) > MOST_OWN_WORDS:
        return f"tells more than {value!r}"
    for other, held in values.items():
        if other != field and other in STATEMENTS and not own.isdisjoint(content_words(held)):
            return f"contains a word of {other}, {held!r}"
    if any(not own.isdisjoint(content_words(said)) for said in spoken):
        return "contains a word that a clip of the person says"
    frame = " ".join(word for word in WORD.findall(clause) if word.casefold() not in words(value))
    if frame and names_somebody(frame, name):
        return "contains a word of the person's name"
    return None


def _subject_flaw(clause: str, field: str, value: str) -> str | None:
    """A clause must name its subject: a hobby, not just a thing."""
    if field in STATING and not any(word in clause.casefold() for word in STATING[field]):
        return f"expected one of these in it: {', '.join(STATING[field])}"
    frame = cut_out(clause, value.rstrip(" .")).casefold()
    for other, stating in STATING.items():
        if other != field and (word := next((word for word in stating if word in frame), None)):
            return f"could be taken for a statement of {other}, by {word!r}"
    return None


def _form_flaw(clause: str, value: str) -> str | None:
    """A clause must fit between `They` and a comma, `and` or a full stop."""
    first = WORD.match(clause)
    start = "" if first is None else first[0].casefold()
    third_person = start.endswith("s") and not start.endswith("ss") and start not in _PLAIN_S
    if not clause[0].islower() or _NO_START.match(clause) or third_person:
        return "does not read after “They”"
    frame = cut_out(clause, value.rstrip(" ."))
    if re.search(r"[.!?;…{}<>\"]", frame) or not re.search(r"[\w”’')]$", clause):
        return "is not a single clause without a final full stop"
    if clause.count("“") != clause.count("”"):
        return "opens a quotation mark that it does not close"
    known = set(words(value))
    new = [word for word in WORD.findall(frame) if known.isdisjoint(words(word))]
    if added := next((word for word in new if re.search(r"\d", word) or (word[0].isupper() and word != "I")), None):
        return f"brings in {added!r}"
    if (word := gendered(" ".join(new))) is not None:
        return f"reveals a gender by {word!r}"
    return None
