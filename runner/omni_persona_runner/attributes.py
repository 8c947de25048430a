"""Find what a question asks for, and which sentence of a note states it, by key words."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"“[^”]*”")
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z“]|\s*$)")

_ASKS: dict[str, str] = {
    "personality": r"personality|MBTI",
    "name": r"\bname\b|\bcalled\b",
    "hair": r"hair",
    "clothes": r"clothes|clothing|wear(ing)?\b|outfit|dressed",
    "looks": r"\blooks?\b|appearance",
    "mood": r"mood|feel|felt|emotion",
    "surroundings": r"surroundings|environment|setting",
    "place": r"\bplace\b|\btown\b|\bcity\b|location|where\b",
    "employer": r"employ|affiliat|organi[sz]ation|company",
    "study": r"\bmajor\b|\bstud(y|ied)\b|degree",
    "hobby": r"hobb(y|ies)|free time|spare time|pastime",
    "interest": r"interest|passion",
    "job": r"\bjob\b|living|occupation|\brole\b|profession|\bwork\b",
    "quote": r"motto|quote|likes? to say",
    "topic": r"topic|talk|discuss",
}
"""Kind of attribute -> key words of a question about it; the first kind that matches is used."""

_STATES: dict[str, str] = {
    "personality": r"personality|\b[IE][NS][FT][JP]\b",
    "name": r"\bname is\b|\bcalled\b|^[A-Z]\w+ [A-Z]\w+",
    "employer": r"employed by|contract with|works? (for|at)|affiliat",
    "study": r"studied|degree|major",
    "hobby": r"hobby|free time|spare time|pastime",
    "interest": r"interested in|read everything|passionate|passion for",
    "job": r"works? as|worked as|living as|\bjob\b|is an? \w+",
    "quote": r"“|\"|motto",
    "topic": r"talk|topic|spoke about|discuss",
    "clothes": r"\bwear(s|ing)?\b|\bwore\b|dressed|clothes",
    "hair": r"hair|bald|recognised by|curl|bun\b|braid|bob\b|mullet|afro|topknot|lock|quiff|fringe|crop|"
    r"shaved|undercut|parting|cornrows|twists|ponytail|plait|\bmop\b",
    "looks": r"looked|described by|appearance",
    "place": r"met me in|ran into|met in|\bin [A-Z]\w+",
    "surroundings": r"spoke with me|stood before|surrounded",
    "mood": r"seemed|came across|felt|mood|feeling",
}
"""Kind of attribute -> key words of a sentence that states it."""


_DESCRIPTION = re.compile(
    r"(?: who\b| can be heard\b| you hear (?=talking|saying)| talking about\b| saying\b).*?"
    r"(?= (?:seem to feel|wearing|do for a living|interested in|study|talk to me about|speak with me|look|have|"
    r"like to say, .*|spend their free time, .*)\?$|\?$)"
)
"""Matches the part of a question that describes the person."""


def described(question: str) -> str:
    """Return the part of a question that describes the person, or the whole question if no such part is found."""
    found = _DESCRIPTION.search(question)
    return found[0].strip(" ,") if found else question


def quoted(question: str) -> str | None:
    """Return what the question quotes: the quoted words, or the topic of the talk; None if it has neither."""
    part = described(question)
    if found := _QUOTED.search(part):
        return found[0].strip("“” …")
    _, marker, topic = part.partition("talking about ")
    return topic if marker else None


def asked_kind(question: str) -> str | None:
    """The kind of attribute that a question asks for, or None if no key word matches."""
    # Words that describe or quote a person say nothing about what is asked.
    asked = _DESCRIPTION.sub("", _QUOTED.sub("", question), count=1)
    return next((kind for kind, words in _ASKS.items() if re.search(words, asked, re.IGNORECASE)), None)


def sentences(text: str) -> list[str]:
    """Split a text into sentences; a full stop inside quotation marks does not end one."""
    masked = _QUOTED.sub(lambda quoted: f"“{'x' * (len(quoted[0]) - 2)}”", text)
    ends = [end.end() for end in _SENTENCE_END.finditer(masked)]
    if not ends or ends[-1] < len(text.rstrip()):
        ends.append(len(text))
    return [text[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)]


def stating_sentence(note: str, question: str) -> str | None:
    """The first sentence of a note that states what the question asks for, or None."""
    kind = asked_kind(question)
    if kind is None:
        return None
    return next((sentence for sentence in sentences(note) if re.search(_STATES[kind], sentence)), None)
