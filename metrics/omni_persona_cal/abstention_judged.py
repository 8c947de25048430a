"""Detect abstention in a model's own words: our rule, reported beside the paper's list of phrases.

A text is split into pieces: sentences, and clauses after "but", "though" and the like. A piece declines if it denies
knowledge: a negated word of knowing, telling, matching or remembering ("I can't place this face"), a source that
does not say ("the note is silent"), or a value said to be missing ("their quote is unknown"). What the person
asked about does or does not do ("she never says much") is not declining. A piece answers if it asserts something,
however hedged ("I think", "probably", "she is").

A text abstains if a piece declines and no other piece overrides it: a later answer does ("I don't know her
name, but she is a nurse"), and so does one before "though" ("a nurse, though I don't know where"). Being unsure ("I'm
not certain") declines only if nothing is answered at all.
"""

from __future__ import annotations

import re

_LONGEST = 4000
"""Maximum characters of an answer that are examined."""

_CUT = re.compile(
    r"(?<=[.!?;:])\s+|,?\s+(?=(?:but|however|though|although|even though|yet|still|nevertheless|nonetheless)\b)|"
    r"\s[—–-]\s"
    r"|,\s+(?=(?:perhaps|maybe|probably|possibly|it's|my guess|beyond that|so|s?he|they|the|i|their|his|her)\b)"
)
_QUOTED = re.compile(r"[\"“”][^\"“”]{0,300}[\"“”]")
_IDIOMS = re.compile(
    r"\b(?:no|without (?:a |any )?|beyond (?:a |any )?|little) ?(?:doubt|question|problem|wonder|mistak\w+)\b|"
    r"\bnot (?:only|just|merely|to mention)\b"
    r"|\bnone other than\b|\bnothing but\b|\bno longer\b|\bwhy not\b|\bcan't say i blame\b|\bno less than\b|"
    r"\bif i(?:'m| am) not mistaken\b"
    r"|\bno idea (?:is|was|too)\b|\bremember no other\b|\b(?:no|not) (?:big )?deal\b|\bnever ?mind\b|, no\?|"
    r"\bit(?:'s| is) not hard to\b|\bno other (?:\w+ )?than\b|"
    r"\b(?:nothing|nobody|no one) less\b|\bif i remember\b|\bif my memory\b"
)

_NOT = (
    r"(?:\w+n't|not|no|none|nothing|nobody|never|nowhere|neither|nor|without|zero|cannot|cant|dont|unable|impossible|"
    r"insufficient|"
    r"lack|lacks|lacking|missing(?= (?:from|in|here))|beyond|fail(?:s|ed)? to|hard to|difficult to|(?:need|"
    r"requires?) (?:to|more|further|"
    r"additional)|too little)"
)
_KNOWING = (
    r"(?:kn(?:ow|ew|own|owing|ows)|tell(?:s|ing)?|told|spoken|uttered|quoted|settle|resolve|say(?:s|ing)?|said|"
    r"determin\w+|identif\w+|answer\w*|recall\w*|"
    r"remember\w*|recogni\w+|find|found|"
    r"figure|work out|make out|place|pinpoint|establish\w*|confirm\w*|match\w*|fits?|correspond\w*|belong\w*|"
    r"connect\w*|link\w*|associat\w+|resembl\w+|"
    r"looks like|look like|sounds? like|familiar|memor(?:y|ies)|notes?|noted|contexts?|information|info|details?|"
    r"records?|recorded|recording|"
    r"descri\w+|profiles?|data|mention\w*|stated?|states|specif\w+|give[ns]?|gave|provid\w+|includ\w+|contain\w*|"
    r"cover(?:s|ed)?|reveal\w*|indicat\w+|"
    r"disclos\w+|show[ns]?|features?d?|speaks? to|touch\w* on|go into|come across|met|seen?|heard|encounter\w*|enough|"
    r"clues?|idea|sure|certain|clear|aware of|"
    r"available|possible|guess\w*|infer\w*|deduc\w+|judge|among|amongst|list|listed|one of|part of|any of|anyone|"
    r"anybody|who (?:this|that|it)|"
    r"someone|such|recollection|trace|hint|evidence|document\w*|sufficient|written|entry|help|comment|in there|here|"
    r"present|introduc\w+|discuss\w*|talk\w* about|c[ao]me up|brought up|shared?|learn\w*|explain\w*|stored|saved|"
    r"on file|"
    r"appear\w*|on record|state|same|"
    r"(?:these|those|the) (?:people|persons|individuals|faces|voices|four|speakers)|who (?:talked|said|spoke)|"
    r"this (?:face|voice|person|speaker|individual|photo)|"
    r"bells?)"
)
_DENIES_KNOWING = re.compile(rf"(?<!\w){_NOT}\b(?:\W+[\w']+){{0,6}}?\W+{_KNOWING}\b(?! (?:much|a word|it out)\b)")
_SOURCE = (
    r"(?:notes?|memor(?:y|ies)|contexts?|information|records?|descriptions?|profiles?|data|transcripts?|recordings?|"
    r"entr(?:y|ies)|texts?|answer|"
    r"details?|materials?|what i have)"
)
_SOURCE_DENIES = re.compile(
    rf"\b{_SOURCE}\b(?:\W+[\w']+){{0,6}}?\W+(?:(?:is|are|was|were|do|does|did|has|have|can)(?:n't| not)|lacks?|omits?|"
    rf"silent|missing|unavailable|"
    r"says? nothing|no|nothing|only (?:covers?|mentions?|describes?|tells?|talks?|speaks?|gives?|lists?)|"
    rf"leaves? (?:\w+ ){{1,3}}(?:out|open)|skips?|skipped|blank|stops? short)\b"
    rf"|\b{_SOURCE} (?:covers?|mentions?|describes?|tells?|talks?|speaks?|gives?|lists?)\b[^.!?]{{0,80}}\b(?:only|"
    rf"alone)\W*$"
    rf"|\b(?:gaps?|hole|blank|silence) in (?:the|my|your|this|that|his|her|their) {_SOURCE}\b"
)
_VALUE_MISSING = re.compile(
    r"\b(?:is|are|was|were|remains?|stays?|left|it's|that's) (?:\w+ )?(?:unknown|unclear|missing|unstated|unspecified|"
    r"undisclosed|unrecorded|undetermined|"
    r"unavailable|absent|omitted|new to me|a (?:\w+ )?stranger|unfamiliar)\b(?! to the\b)"
    r"|\b(?:left|stays|remains) (?:out|open|blank)\b|\bescapes? me\b|\bmak(?:e|ing) (?:it|this|that|something) up\b"
    r"|^(?:answer|it is|it's|that is|that's)?\W*(?:unknown|undetermined|unspecified|unclear|n/?a|none|nothing|nobody|"
    r"not applicable|not (?:sure|certain)|unsure|"
    r"no answer|no match|no)\W*$"
    r"|^\W*(?:but|and|though)? ?not (?:what|where|who|how|which|when|(?:their|his|her|the) \w+\W*$|in the (?:notes|"
    r"memor\w+|context))\b"
    r"|\b(?:found|find|see|have|has|had|hold|got) (?:nobody|no one|none|nothing)\b|\babsent from\b"
    r"|\bdiffers? from (?:all|every|each|any)\b|\bdrawing a blank\b|\bat a loss\b|\bwhoever (?:this|that|it) is\b|"
    r"^\W*absent\b"
    r"|\bi(?:'ll|'d| will| must| have to| would)?(?: rather)? (?:abstain|pass|decline|refrain)\b|\bi wish i (?:knew|"
    r"could)\b"
    r"|\b(?:only|just|merely) be guessing\b|\bwould be (?:a )?(?:pure |mere )?(?:guess|guesswork|speculation)\b|"
    r"^\W*(?:and )?i (?:don't|do not|can't)\W*$"
    r"|\b(?:is|are|was|were|appears?|occurs?|found|stands?) in none of\b|\b(?:i|we)(?:'d| would) need more\b"
    r"|\bkept (?:that|it|this) (?:to (?:themselves|himself|herself)|secret|quiet|private)\b"
    r"|\bleave (?:it|this|that|your question)(?: one)? (?:unanswered|open|blank)\b|\ba (?:complete|total|"
    r"perfect) blank\b"
    r"|\b(?:four|people|persons|faces|voices)\b[^.!?]{0,20}\b(?:are|look|sound) (?:all )?(?:different|"
    r"other)\b[^.!?]{0,20}"
    r"\b(?:from|than)\b|\b(?:is|it's|remains|stays) a (?:\w+ )?(?:mystery|riddle|puzzle|enigma) to me\b"
    r"|\banyone's guess\b|\b(?:have|had) to guess\b|\b(?:come|came|comes) up empty\b|^\W*(?:but )?not (?:that|this)\W*$"
    r"|\ball (?:are|look|sound) (?:different|other)\b"
    r"|\bshot in the dark\b|\bi(?:'d| would) (?:only |just )?be (?:inventing|making|fabricating|guessing)\b"
    r"|\bonly (?:see|know|have|find|read)\b[^.!?]{0,80}, not (?:their|his|her|the) \w+\W*$"
    r"|\b(?:rather|will|would|won't|i'd) not guess\b|\bi(?:'m| am) (?:\w+ )?(?:in the dark|clueless|stumped|"
    r"lost here)\b"
    r"|\b(?:people|persons|faces|voices|four|they) (?:i (?:know|remember) )?are all (?:different|others|"
    r"other people)\b|^\W*(?:but |and )?not (?:a word|yet)\b"
)
_NONE_OF = re.compile(
    r"^\W*(?:\w+,? )?(?:none|neither|nobody|no one|not one)\b(?!(?:\W+\w+){1,3} (?:better|more|faster|louder|"
    r"like (?:him|her|them))\b)(?! others?\b| else\b|'s\b|"
    r" shall\b)(?:\W+[\w']+){0,12}\W*$"
)

_OF_THE_PERSON = re.compile(
    r"^\W*(?:(?:but|and|however|so|yet|still|well|then|though|although|while|because|also|no|it's that|"
    r"that said)\b,? ?)*"
    r"(?:s?he|they|we (?:talked|spoke|met|were)|you (?:talked|spoke|met|were)|the (?:talk|conversation) was)\b"
)
_PERSON_MISSING = re.compile(
    r"\b(?:s?he|they)(?:'s|'re| is| are| was| were| do| does)?(?: not|n't)\b(?: \w+)? (?:among|in (?:any|my|your|"
    r"these|those|the (?:notes|memor|context|list|four))|one of|"
    r"part of|someone|somebody|anyone|known|familiar|listed|mentioned|described|match|appear)"
    r"|\bthey (?:do|did)(?:n't| not) (?:cover|contain|include|specify|state|indicate|reveal|record|describe)\b"
    r"|\b(?:s?he|they) (?:never|did not|didn't) (?:told?|tell|said|say|mention(?:ed)?|shared?|"
    r"reveal(?:ed)?|disclosed?|g[ai]ve) (?:me|us|you|it|that|this|so|anything)\b|\bi do(?:n't| not)\b|"
    r"\bwe (?:can't|cannot|don't|do not)\b"
)
_REPORTED = re.compile(r"\b(?:said|says|saying|told (?:me|you|us)|quote\w*|like to say)\b(?: that)?[:,]?\s*$")
_REPORTING = re.compile(
    r"\b(?:s?he|they|the (?:person|speaker|man|woman)) (?:\w+ )?(?:said|says|told (?:me|you|us)|mentioned|asked|"
    r"wondered|explained|likes? to say) (?!nothing|me nothing)"
)

_UNSURE = re.compile(
    r"(?:\bnot|n't) (?:\w+ ){0,2}(?:sure|certain|confident|clear|positive)\b|\bunsure (?:who|which|what|where|if|"
    r"whether)\b|\b(?:for|be) (?:sure|certain)\b|\bwith certainty\b|\bhard to (?:say|tell|be)\b"
)
_DETAIL = re.compile(
    r"\b(?:anything (?:else|more)|more than|everything|the rest|any more|much else|the (?:street|whole|exact)|"
    r"exact(?:ly)?|precise(?:ly)?|what else)\b"
)
"""The unknown part is a detail beside the answer."""
_HEDGED = re.compile(
    r"\bi(?:'d| would| will|'ll)? (?:think|believe|suppose|guess|say|assume|suspect|reckon|imagine|answer|feel like|"
    r"go (?:with|for))\b"
    r"|\b(?:my|the|best) (?:best )?guess\b|\b(?:probably|likely|perhaps|maybe|possibly)\b|\b(?:might|may|could|"
    r"must) (?:be|have)\b"
    r"|\b(?:seems?|appears?) (?:to|that|like|as|\w+ and)\b|\b(?:looks?|sounds?) like\b|\bif i had to\b|"
    r"\bas far as i\b|\bi recogni[sz]e (?:the|this|that)\b|\bi recall\b"
)
_SAYING = re.compile(
    r"\bi(?:'d| would| will|'ll) (?:say|guess|bet|go (?:with|for))\b(?! (?:nobody|no one|none|it is unknown))"
)
_VERB = re.compile(
    r"(?:\b(?:is|are|was|were|works?|worked|wears?|wore|likes?|lives?|lived|felt|feels?|said|says|seems?|seemed|met|"
    r"talked|spoke|mentions?|makes?|plays?|studie[sd]|"
    r"collects?|has|had|loves?|keeps?|does|enjoys?|went|drives?|travelled|comes?|came)|'s|'re)\b"
)
_SENTENCE = re.compile(rf"^\W*(?:i|we|you|there)\b|{_VERB.pattern}")
_FILLER = re.compile(
    r"\b(?:sorry|apolog\w+|unfortunately|please|let me know|could you|can you|would you|if you|happy to|glad to|"
    r"feel free|can help|i looked|i searched|i checked|i went through|"
    r"another (?:photo|picture|clip|question)|(?:more|additional) (?:information|details?|context))\b"
    rf"|^\W*(?:and |so )?(?:the|my|your|all|these|those|both)? ?(?:four|others?|people|persons|"
    rf"{_SOURCE}) (?:\w+ )?(?:are|is|were|mention|cover|describe|talk|speak|tell|name|list|belong|differ|only)"
)
_GIVING_WAY = re.compile(r"^\W*(?:even )?(?:though|although)\b")


def declines(text: str) -> bool:
    """Whether a normalised answer (see `abstention.folded`) abstains in its own words.

    >>> declines("none of the four match this face.")
    True
    >>> declines("i don't know her name, but she is a nurse.")
    False
    """
    pieces = [piece.strip() for piece in _CUT.split(_IDIOMS.sub("", _QUOTED.sub("", text[:_LONGEST]))) if piece.strip()]
    declining, unsure, answering = [], [], []
    for at, piece in enumerate(pieces):
        if _SAYING.search(piece) or (at and _REPORTED.search(pieces[at - 1])):
            answering.append(at)
        elif _UNSURE.search(piece) and not _HEDGED.search(piece):
            unsure.append(at)
        elif _declines(piece):
            declining.append(at)
        elif _answers(piece):
            answering.append(at)
    if not declining:
        return bool(unsure) and len(unsure) == len(pieces)
    last = declining[-1]
    if any(at > last for at in answering):
        return False
    if last == 0 or len(declining) > 1:
        return True
    # "A nurse, though I don't know where": the conceding clause does not override the answer; nor one before "but".
    before = pieces[last - 1]
    bare = last - 1 in answering and not _SENTENCE.search(before) and pieces[last].startswith("but ")
    return not (_GIVING_WAY.match(pieces[last]) or bare)


def _declines(piece: str) -> bool:
    if _DETAIL.search(piece) or _REPORTING.search(piece):
        return False
    if _OF_THE_PERSON.search(piece):
        return _PERSON_MISSING.search(piece) is not None
    return any(
        one.search(piece) for one in (_DENIES_KNOWING, _SOURCE_DENIES, _VALUE_MISSING, _NONE_OF, _PERSON_MISSING)
    )


def _answers(piece: str) -> bool:
    """Whether a piece that does not decline asserts something; fragments do ("Ghent.")."""
    if _FILLER.search(piece):
        return False
    return _HEDGED.search(piece) is not None or _VERB.search(piece) is not None or len(piece.split()) <= 8
