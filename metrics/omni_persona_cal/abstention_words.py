"""Words of knowing, stating and lacking, for the patterns that detect abstention in a model's own words.

All patterns are for the plain words of a clause (see `abstention_clauses`): lower case, no contractions ("can't" is
"can not"), single spaces.
"""

from __future__ import annotations

import re


def any_of(*words: str) -> str:
    """The pattern of any of some words."""
    return "(?:" + "|".join(words) + ")"


def one_of(*patterns: str) -> re.Pattern[str]:
    """A compiled pattern of alternatives."""
    return re.compile("|".join(patterns))


GAP = r"(?: [^ ]+){0,6}?"
"""The words between a denial and what it denies."""

NEAR = r"(?: [^ ]+){0,3}?"
NOT = any_of(
    "not", "never", "no", "unable", "impossible", "nothing", "neither", "nor", "nobody", "none", "no one",
    "nowhere", "fails?(?: to)?", "failed to", "lack", "lacks", "lacking", "insufficient", "zero", "0", "too little",
    "in no", "hard", "difficult", "need", "requires?", "beyond",
)  # fmt: skip
"""Words that deny."""

KNOW = any_of(
    "know", "known", "knowing", "knew", "tell", "telling", "say", "saying", "determin(?:e|ed|able|ing)",
    "identif(?:y|ied|iable|ying)", "answer(?:ed|ing|able)?", "recall(?:ed)?", "remember(?:ed|ing)?",
    "recogni[sz](?:e|ed|able|ing)", "find", "found", "locate", "located", "figure", "work(?:ed)? (?:it )?out",
    "made out", "make (?:it )?out", "place", "pinpoint", "establish(?:ed)?", "confirm(?:ed)?", "verif(?:y|ied)",
    "match(?:es|ed|ing)?", "fits?", "fitting", "link(?:ed|s)?", "connect(?:ed|s)?", "connection",
    "associated?(?: with)?", "attributed?", "correspond(?:s|ing)?", "belongs?", "resembles?", "think of",
    "think who", "come across", "met", "seen", "heard", "see", "hear", "infer(?:red|able)?", "deduc(?:e|ed)",
    "derived?", "judge", "guess(?:ing)?", "speculat(?:e|ing)", "settled?", "resolved?", "help", "retrieve",
    "put (?:a name|my finger)", "be of help", "learn(?:ed|t)?", "found out", "find out", "work that out",
    "aware of", "familiar", "acquainted", "introduced", "told", "name", "decide", "concluded?", "ascertain(?:ed)?",
    "distinguish(?:ed)?", "discern(?:ed)?", "certainty", "sure who", "position to", "bells?", "look(?:s)? like",
    "sounds? like", "speaks? like", "looks? the same", "speculation",
)  # fmt: skip
"""Verbs of knowing, telling, matching and remembering."""

STATE = any_of(
    "mention(?:ed|s)?", "stat(?:e|es|ed)", "specif(?:y|ied|ies)", "give", "gives", "given", "gave",
    "provid(?:e|ed|es)", "includ(?:e|ed|es)", "contain(?:s|ed)?", "cover(?:s|ed)?", "record(?:ed)?",
    "not(?:e|ed|es) (?:down)?", "noted", "list(?:ed|s)?", "describ(?:e|ed|es)", "say", "says", "said", "tell",
    "tells?", "told", "write", "written", "wrote", "document(?:ed)?", "disclos(?:e|ed)", "reveal(?:s|ed)?",
    "indicat(?:e|ed|es)", "shared?", "shares", "discuss(?:ed)?", "stored?", "saved", "preserved", "register(?:ed)?",
    "suppl(?:y|ied)", "talk(?:ed|s)? (?:about|of)", "spoken", "extends?", "spoke of", "speak of",
    "touch(?:es|ed)? (?:on|upon)", "go(?:es)? into", "gets? to", "get to", "got to", "c[ao]me up", "comes up",
    "brought (?:it |that )?up", "appear(?:s|ed)?", "occurs?", "there", "in there", "in here", "available",
    "accessible", "clear", "possible", "present", "on record", "on file", "in memory", "explained?", "shown?",
    "show", "shows", "featured?", "speaks to", "go that far", "reach(?:es)? that far", "have it", "has it",
    "has this", "has that", "hold", "holds", "defined?", "entered", "filled", "elaborated?", "a subject", "a topic",
    "a theme", "part of", "among", "amongst", "points to", "the same (?:person|one)", "have that", "got that",
    "got it", "have this", "gone into", "captured", "logged", "kept", "br(?:ing|ings|ought) up", "rais(?:e|es|ed)",
    "address(?:es|ed)?", "ref(?:er|ers|erred) to", "c[ao]mes? into", "allud(?:e|es|ed) to", "comment(?:s|ed)? on",
    "deals? with", "spells? out", "spelt out", "reports?", "reported",
)  # fmt: skip
"""Verbs of stating, as memories do."""

KNOWLEDGE = any_of(
    "information", "info", "details?", "data", "records?", "mention", "memor(?:y|ies)", "notes?", "entr(?:y|ies)",
    "knowledge", "ideas?", "clue", "clues", "evidence", "indications?", "recollections?", "answers?", "match",
    "matches", "trace", "hints?", "way of", "way to", "way for me", "way that i can", "means of", "basis", "word",
    "such (?:person|thing|detail|people|face|voice|note|entry|memory|one|information|man|woman)", "contexts?",
    "remarks?", "comments?", "reference to", "anything about", "enough", "sufficient", "response", "material",
    "facts?", "description of", "any(?:one|body) (?:i|who|in|with|among|by|like|matching|here|of|from|that|you|we)",
    "any of", "one of (?:them|the four|these|those|the|my|your|mine|yours)", "someone (?:i|whose|who|in)",
    "somebody (?:i|whose|who|in)", "something (?:i|he|she|they|the|that)", "anything i", "anything on",
    "any (?:person|face|voice|people|memory|note|information)", "access to", "help", "capability to", "ability to",
    "able to", "as to", "record of", "indication", "documentation", "such fact", "statements? (?:about|on|of)",
    "person with", "match for", "hit", "hits", "persons?", "possession of", "to go (?:on|by)",
    "one (?:i|of mine|that i|here|in)", "who (?:this|that) is", "who (?:talk|speak|say)\\w*",
    "these (?:people|four|persons|faces|voices)", "the four", "in common with",
)  # fmt: skip
"""What a model or a memory may lack."""

SOURCE = any_of(
    "notes?", "memor(?:y|ies)", "contexts?", "records?", "profiles?", "entr(?:y|ies)", "text", "texts",
    "recordings?", "transcripts?", "data", "information", "what i (?:have|was given|know|remember)",
    "descriptions?", "material", "what you gave me", "files?",
)  # fmt: skip
"""What the model was given."""

FIELD = any_of(
    "hobb(?:y|ies)", "jobs?", "work", "role", "roles", "professions?", "occupations?", "career", "major",
    "stud(?:y|ies)", "degree", "affiliations?", "employer", "interests?", "topics?", "quotes?", "locations?",
    "places?", "town", "hometown", "home", "city", "country", "environment", "surroundings?", "emotions?", "mood",
    "feelings?", "state", "appearance", "looks", "clothing", "clothes", "outfit", "hairstyles?", "hair", "voice",
    "style", "travels?", "trips?", "journeys?", "foods?", "dish", "dishes", "meals?", "cuisine", "preferences?",
    "events?", "mbti", "personality", "type", "types?", "instrument", "attribute", "field", "birthday", "age",
    "plans?", "life", "name", "music", "favou?rites?", "experiences?",
)  # fmt: skip
"""Nouns for what may be asked about a person."""

PERSON = (
    r"(?:(?:but|and|so|yet|however|well|still|then|though|although|while|because|since|also|that|even|as|if) )*"
    r"(?:s?he|they|(?:we|you) (?:talked|spoke|met|were)"
    r"|(?:the|this|that) (?:person|man|woman|speaker|guy|lady|boy|girl)(?= (?:is|was|does|did|has|had|can|could|never|"
    r"not|seem(?:s|ed)|told|says?|said|only|kept|left|felt|feels|wears|wore|works|worked|lives|lived|likes|loves)\b))"
)
"""The beginning of a clause about the person asked about."""

OF_THE_PERSON = re.compile(rf"^{PERSON}\b")
