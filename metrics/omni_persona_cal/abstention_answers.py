"""Patterns of clauses that answer, doubt or do neither (see `abstention_grammar`)."""

from __future__ import annotations

import re

from .abstention_words import FIELD, PERSON, SOURCE, one_of

IDIOMS = one_of(
    r"\b(?:no|without (?:a |any )?|beyond (?:a |any )?|little) ?(?:doubt|question|problem|wonder|mistak\w+|"
    r"reason to doubt)\b",
    r"\bnot (?:only|just|merely|to mention)\b",
    r"\bnone other than\b",
    r"\bnothing (?:but|except|other than|else than)\b",
    r"\bno longer\b",
    r"\bwhy not\b",
    r"\bno less than\b",
    r"\bif i am not mistaken\b",
    r"\bno idea (?:is|was|too)\b",
    r"\b(?:no|not) (?:big )?deal\b",
    r"\bnever ?mind\b",
    r"\bnot hard to\b",
    r"\bno other (?:\w+ )?than\b",
    r"\b(?:nothing|nobody|no one) less\b",
    r"\bif (?:i remember|my memory|my notes|memory)\b.*$",
    r"\b(?:can|could) not (?:possibly )?(?:be (?:clearer|anything but|mistaken|wrong|anything else)|mistake|"
    r"forget|miss|complain|imagine)\b.*$",
    r"\bcan not be (?:anyone|anything|anybody)(?: else)? (?:but|other)\b",
    r"\bno way (?:it is|this is|that is) (?:anything|anyone)\b.*$",
    r"\bdo not (?:know why you|quote me|hold me|take my word|need to|even have to|have to)\b.*$",
    r"\b(?:anyone|anybody|anything|nobody|no one) (?:but|except|other than)\b.*$",
    r"\bnot (?:that|as if) it says\b.*$",
    r"\bcould not (?:say|put) it better\b",
    r"\b(?:how could i not|who does not) know\b.*$",
    r"\bunless i am\b.*$",
    r"\bnot explicit(?:ly)?\b",
    r"\bnever been (?:more )?sur\w+\b",
    r"\bfor (?:lack|want) of a better (?:word|term|name)\b",
    r"\bno (?:comment|introduction|explanation) (?:is )?(?:needed|necessary|required)\b",
)
"""Denials of nothing of interest here, which are dropped: "no doubt", "none other than", "if I am not mistaken"."""

ASKS_WHO = one_of(
    r"^(?:sorry |um+ |uh+ |er+ |hm+ |and |but )*(?:who|whose|whom)\b(?! (?:does not know|else)\b)",
    r"\bwho (?:is|are) (?:this|that|it|he|she|they|the)\b",
    r"^do i know\b",
    r"^(?:have|did) (?:we|i) (?:ever )?(?:met|meet|seen)\b",
)
"""A question of who it is: "who is this"."""

DETAIL = one_of(
    r"\b(?:anything (?:else|more)|more than|everything|the rest|any ?more|much else|much more|nothing (?:else|"
    r"more)|exact(?:ly)?|precise(?:ly)?|what else|further|apart|other details?|any other|no other|literally|"
    r"explicitly|word for word|in as many words)\b",
    r"\bwhich [^ ]+$",
    r"\b(?:where|which|when|how|why|which one|in which|for which|at which|from where|whose)$",
    r"\b(?:for|about|at|in|to|from|of) which [^ ]+$",
    r"^(?:but |and |though |although )*(?:the )?[^ ]+(?: [^ ]+)? (?:not (?:visible|mentioned|given|stated|"
    r"specified|clear|shown|known)|unknown)$",
    r"\b(?:her|his|their|the|no|a) (?:full |last |first |real )?(?:names?|title|date|year|street|number|brand|"
    r"colou?r|address|spelling)\b",
    r"^(?:no )?names? (?:unknown|not given)\b",
    r"\bdo not name\b",
    r"\bsays? much\b",
    r"\bthat is all\b",
    r"\bthe others?\b",
    r"\bthe other notes\b",
    r"\bwhich (?:band|company|hospital|school|town|village|street|one|year|day|kind|team|brand|of the two)\b",
)
"""The open part is a detail beside an answer: "I don't know where exactly", "no name given"."""

UNSURE = one_of(
    r"\b(?:not|never|hardly) (?:[^ ]+ ){0,3}?(?:sure|certain|confident|positive|clear|certainty|guarantee|"
    r"promise|verify|prove|proof|rule out)\b",
    r"\b(?:unsure|uncertain)(?:$| (?:who|which|what|where|if|whether|about)\b)",
    r"\b(?:can|could) not (?:confirm|check) (?:that|it|this)$",
    r"\b(?:for|be) (?:sure|certain)\b",
    r"\bwith certainty\b",
    r"\b(?:hard|tough|difficult|not easy|not possible|impossible) to (?:say|tell|be|hear|see|make out|judge|"
    r"know for)\b",
    r"^(?:a )?tough one$",
    r"^(?:lack|i lack) certainty\b",
    r"\bno (?:proof|certainty|guarantee)\b",
    r"\bconfidence is low\b",
    r"\blow confidence\b",
)
"""Doubt: "I'm not sure", "hard to tell"."""

UNSEEN = one_of(
    r"\b(?:no|without|not have (?:a|her|his|their|the|any)) (?:photo|picture|image|audio|clip|recording|face|"
    r"voice)s?\b(?: (?:clearly|well|at all|to compare|on file|of him|of her|of them|of the speaker|is visible|"
    r"properly))?$",
    r"\bcan not (?:see|hear|open|process|view|listen|play|make out)\b",
    r"\bthere is no (?:photo|picture|audio|recording) of\b",
)
"""The query cannot be seen or heard: "there is no photo of him", "I can't see the face"."""

HEDGED = one_of(
    r"\bi (?:would |will |might )?(?:think|believe|suppose|guess|say|assume|suspect|reckon|imagine|answer|"
    r"feel like|bet|lean|pick|choose|take|go (?:with|for)|am (?:guessing|inclined|thinking|leaning|going with)|"
    r"have a feeling)\b",
    r"\b(?:my|the|best) (?:best )?guess\b",
    r"\b(?:probably|likely|perhaps|maybe|possibly)\b",
    r"\b(?:might|may|could|must) (?:be|have)\b",
    r"\b(?:seems?|appears?) (?:to|that|like|as)\b",
    r"\b(?:looks?|sounds?) like\b",
    r"\bif i had to\b",
    r"\bas far as i\b",
    r"\bif you insist\b",
)
"""An answer with a hedge: "probably", "I think"."""

SAYING = re.compile(
    r"\bi (?:would|will) (?:say|guess|bet|pick|choose|go (?:with|for)|have to say)\b(?= [^ ])(?! (?:nobody|no one|"
    r"none|it is unknown|nothing|not))"
)
"""An answer that is announced: "I'd say ..."."""

REPORTING = re.compile(
    rf"(?:^{PERSON}|\b(?:the )?man|\bwoman) (?:often |always |once |also |just |kept |keeps )*(?:said|says|saying|"
    r"told (?:me|you|us)|tells|mentioned|asked|wondered|explained|likes? to say|repeating|put it)\b(?! (?:nothing|"
    r"me nothing|(?:me )?(?:only )?about|only))"
)
"""What a person said, which may contain denials: "he said that he doesn't know ..."."""

STATES = one_of(
    rf"\b{SOURCE} (?:also |clearly )?(?:says?|said|states?|implies|mentions?|records?|notes?|shows?|"
    r"describes?) (?:that |how )?(?:s?he|they|it|his|her|(?:not )?an?|nobody|no one)\b",
    r"^i can (?:only )?(?:tell|say) (?:you )?(?:that )?(?:s?he|they)\b",
    r"^(?:in|on|according|during|from) (?:[^ ]+ ){1,5}(?:s?he|they) (?:\w+ )?(?:says?|said|mentions?|mentioned|"
    r"tells?|told)\b",
    r"^(?!based|judged|asked|mentioned|stated|noted|said|told|heard)(?:\w+ed|proud|happy|sad|glad|angry|anxious|"
    r"nervous|lonely|upset|content) (?:that|of|because|by|about|at)\b",
)
"""What a memory states, which may contain denials: "the note says she has no hobby"."""

RECAPS = re.compile(
    r"\b(?:only|just) (?:says?|mentions?|tells?|states?|covers?|describes?|know|lists?|talks?|speaks?)\b"
)
"""What else is known: "it only says that she plays the harp"."""

SAYS_THAT = one_of(
    r"\b(?:quote|motto|saying|words|line) (?:is|was)\b(?! not)",
    rf"\b(?:quote|line|{SOURCE}) (?:says?|say|said|states?|reads?|implies|mentions?|does say|does mention)\b"
    r"(?! not)",
)
""""Her motto is ...", "the note says ..."."""

IDENTIFIES = one_of(
    r"^(?:yes |so |and |but |that |well |because |since |although |even though |though |while |i can see that |"
    r"i think )*(?:this|that|it|s?he|the (?:voice|face|speaker|person|man|woman|description|"
    r"one)(?: [^ ]+){0,3})(?: clearly| [^ ]+)? (?:is|are|was|would be|matches|match|belongs to|looks like|"
    r"sounds like|fits|points to|resembles|must be) (?:clearly |that of |probably )?(?:(?:person|memory|note|"
    r"context|number) (?:\d|one|two|three|four)|the [^ ]+|[^ ]+$)",
    r"^(?:person|memory|note|context) (?:\d|one|two|three|four)$",
    r"^(?:the )?(?:first|second|third|fourth) (?:person|memory|note|context|one)$",
    r"^(?:although |even though |though |while )*i do (?:know|recogni[sz]e|remember) (?:who|the|him|her|them|this|"
    r"that)\b",
    r"^i (?:have )?(?:matched|linked|traced|assigned|placed|identified) (?:it|this|that|the|him|her|them)\b.* "
    r"(?:to|as|with)\b",
    r"^(?:yes |although |even though |though |while |that )*i (?:know|recogni[sz]e|remember|can see) (?:who|the|"
    r"him|her|them|this|that)\b",
)
"""Who it is, which answers no question: "this is the second person", "I recognise him"."""

FILLER = one_of(
    r"^(?:i am |we are |very |so )?sorry\b",
    r"\b(?:apolog\w+|unfortunately|regrettably|sadly|please|let me know|could you|can you|would you|"
    r"if you (?:like|want|wish|can|could|tell)|happy to|glad to|excuse me|feel free|can (?:help|describe|only|"
    r"try)|thanks?|thank you|hello|hi|good question|honestly|to be honest)\b",
    r"\bi (?:have )?(?:looked|searched|checked|went|gone|compared|listened|thought|read)\b",
    r"^(?:after|looking|based|according|judging|given|from what|regarding|concerning|as for|of the four|"
    r"for privacy|as an? ai|at first)\b",
    r"^(?:in|from|on|among|within|with|of|through|to) (?:the|my|your|these|those|all|any|"
    rf"each)(?: [^ ]+)? (?:{SOURCE}|photos?|pictures?|images?|clips?|lists?|four|people|voices?|faces?)\b",
    r"^(?:the|this|that) (?:photo|picture|image|clip|recording|audio|face|voice|query|question|text|description)\b",
    r"^(?:and |so |but )?(?:the|my|your|her|his|their|all|these|those|both) (?:four|others?|people|persons|"
    rf"{SOURCE}|everyone else|other (?:three|people|memories|notes))(?: [^ ]+)? ?(?:(?:1|2|3|4|one|two|three|"
    r"four)(?: and)? ?)*(?:are|is|were|was|mentions?|covers?|describes?|talks?|speaks?|tells?|names?|lists?|"
    r"belongs?|differs?|only|i know|i remember|contains?|includes?|has|have|would|do|does|can|in|from|about)\b"
    r"(?! (?:says?|points? to))",
    r"^you (?:asked?|describe)\b",
    r"^(?:i|we) (?:only )?(?:have|know(?: of)?|remember|recogni[sz]e|am|was|describe|asked?|can|could|thought|"
    r"tried|had|got|spoke|talked)\b",
    r"^(?:the )?(?:person|memory|note|individual|photo|picture|clip|context) (?:1|2|3|4|one|two|three|"
    r"four)(?: (?:no|not|nothing|differs|different).*)?$",
    r"^(?:all )?(?:four|4) (?:[^ ]+ )?(?:faces|voices|people|persons|clips|photos|pictures|notes|memories)\b",
    r"^(?:(?:as for |what about |and |but |both )*(?:face|voice|her|his|their|the|favou?rite|s?he|it|that|this|a|an|"
    rf"your|my|question|one|person|{FIELD})(?: |$))+$",
    r"\b(?:another|more|additional|further) (?:photo|picture|clip|question|information|details?|context|memory)\b",
    r"^(?:which|that|who|what|where|whether|if|as|since|because|when)\b(?!.* (?:is|was|must be|seems|looks))",
    r"^(?:\w+ as (?:i|we) (?:may|might|will|can)|(?:what|who|where|which|how)ever)\b",
    r"^by the (?:sound|look|looks) of\b",
    r"^(?:this|that|the) (?:person|man|woman|lady|guy|fellow|gentleman|speaker)$",
)
"""Neither answer nor denial: apologies, offers, what was looked through, what photo and notes are about."""

LINKS = re.compile(
    r"(?:answer|final answer|the answer(?: is)?|result|status|reason|identity|speaker|hm+|uh+|um+|er+m?|ok|okay|"
    r"so|well|no|nope|yes|yeah|yep|nah|tbh|lol|haha|that is|it is|i|to my knowledge|to be honest|"
    r"as far as i (?:know|can see|remember)|therefore|however|thus|hence|instead|i (?:think|believe|guess|suppose|"
    r"fear)|i would say|finally|again|neither|none|nothing|either way|with you|then|too|here|there|dear user|mate|"
    r"i am afraid|i fear|either)"
)
"""Words between clauses."""

NOBODY = re.compile(
    r"(?:none|nobody|no one|nothing|null|nil|zip|nada|zilch|nix|crickets|no dice|no luck|undecidable|unanswerable|"
    r"(?:(?:just |only )?a )?(?:big )?(?:fat )?question mark|n/a|n\.a\.?|na|unknown|neither of (?:them|these)|"
    r"not applicable)"
)
"""A whole clause that says that there is nothing."""

NO = re.compile(
    r"(?:no|nope|nah|negative|not|neither|sorry|i am sorry|i am afraid(?: not)?|not so|answer|final answer|afraid)"
)
"""A whole clause that says no."""

NOT_THINKING = re.compile(
    r"^(?:(?:but|and|so|no) )*i (?:do|can|could) not (?:think|believe|suppose|imagine|reckon)(?: that)?(?= |$)"
)
""""I don't think": what follows is denied."""

IS_NOT = one_of(
    r"^(?:(?:but |and )?(?:it|that|this) (?:is|was) )?not ",
    r"\b(?:excluded|ruled out)$",
)
""""It's not chess"."""

OF_OTHERS = re.compile(
    r"^(?:and |but )?(?:none|no one|nobody|neither|nothing)(?: of)?(?: the| my| your)? (?:others?|else)\b"
)
""""None of the others"."""

THAT_IS_ALL = re.compile(r"^(?:and |but )?(?:that is all|nothing (?:else|more|further))$")
""""That's all"."""

UNLESS = one_of(
    r"^if (?:it|that|this|s?he) (?:is|was) not\b",
    r"^unless\b",
)
""""If it isn't the baker"."""

QUOTES_NEXT = re.compile(
    r"\b(?:quotes?|sayings?|motto|said|says|saying|told (?:me|us|you)|put it|words|like to say|something like|"
    r"(?:said|says) like|the lines of)$"
)
"""The end of a clause before a person's words: "his motto is:"."""

VERB = re.compile(
    r"\b(?:is|are|was|were|be|works?|worked|wears?|wore|likes?|lives?|lived|felt|feels?|said|says|seems?|seemed|"
    r"met|talked|spoke|mentions?|makes?|made|plays?|played|studie[sd]|collects?|has|had|have|loves?|loved|keeps?|"
    r"covers?|describes?|kept|does|did|do|enjoys?|went|goes|drives?|travelled|comes?|came|runs?|ran|told|tells?|can|could|would|will|"
    r"looks?|sounds?|fits?|matches|eats?|won|lost|moved|became|took|takes?|knows?|flies|sells?|writes?|wrote|"
    r"teaches|taught)\b"
)
"""Usual verbs: a clause without one is a fragment."""
