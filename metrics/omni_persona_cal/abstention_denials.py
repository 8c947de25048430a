"""Patterns of clauses that decline to answer (see `abstention_grammar`). One way of saying it stands on each line."""

from __future__ import annotations

from .abstention_figures import FIGURES
from .abstention_words import FIELD, GAP, KNOW, KNOWLEDGE, NEAR, NOT, PERSON, SOURCE, STATE, one_of

_DENIES = one_of(
    rf"\b{NOT}\b{GAP} {KNOW}\b",
    rf"\b{NOT}\b{GAP} {STATE}(?: |$)",
    r"\b(?:no|any|without|lacks?|lacking|insufficient|not enough|too little|zero|0|nothing|not|never|"
    rf"in the absence of)\b{NEAR} {KNOWLEDGE}\b",
)
"""Denied knowledge, statements and matches: "I can't place this face", "no job was mentioned", "I have no record"."""

_SOURCE_LACKS = one_of(
    rf"\b{SOURCE}\b{GAP} (?:not|no|nothing|neither|silent|lacks?|omits?|skips?|skipped|blank|empty|missing|"
    r"stops? short|insufficient|incomplete|ends? with|leaves? (?:[^ ]+ ){1,4}(?:out|open|empty|blank)|only (?:covers?|"
    r"mentions?|describes?|tells?|talks?|speaks?|gives?|lists?|contains?|has|includes?)|ends? before|never)\b",
    rf"\b{SOURCE} (?:covers?|mentions?|describes?|tells?|talks?|speaks?|gives?|lists?)\b.* (?:only|alone)$",
    rf"\b(?:gaps?|hole|blank|silence) in (?:the|my|your|this|that|his|her|their) {SOURCE}\b",
    r"^(?:nothing|not|none)\b.* (?:in|on|from) (?:the|my|your|any|these|those|his|her|"
    rf"their)(?: [^ ]+)? {SOURCE}\b",
    rf"\bnot\b{GAP} (?:in|among|part of|from) (?:the|my|your|any|these|those)(?: [^ ]+)? {SOURCE}\b",
    r"^no (?:such|comparable|similar|matching|other) [^ ]+",
    rf"\b{SOURCE} (?:leaves? (?:[^ ]+ )?(?:open|out|blank)$|leaves? out\b|(?:passes|pass|skips?|gloss(?:es)?) over\b)",
    r"\b(?:keeps?|stays?|remains?|is|are) (?:[^ ]+ )?(?:quiet|silent|mum) (?:about|on|regarding|as to|there|here)\b",
    rf"^(?:but |and |while |whereas )?(?:her|his|their|the) (?:[^ ]+ ){{0,2}}?{FIELD} (?:is|are|was|were) not$",
    r"\bhave a gap\b",
    r"\bnot in (?:here|there|memory|context|it|any)\b",
    r"\b(?:beyond|outside)(?: of)? (?:what|(?:the|my|your|any)(?: [^ ]+)? (?:scope|knowledge|notes?|memor\w+|"
    r"contexts?|information|records?))\b",
    r"^(?:nothing|no word|zilch) (?:about|on|in|for|regarding|concerning|of the kind|relevant|here|there)\b",
    r"\b(?:have|has|got|had|find|see|know|is|are|said|hold|holds) (?:absolutely |simply |"
    r"really )?nothing(?: (?:about|on|in|for|regarding|here|there|relevant|to (?:say|tell|offer|go)|i can)\b|$)",
    r"^(?:(?:but|and|though) )?not (?:what|where|who|how|which|when|whether|about|of|the answer|a word|yet|in the|"
    rf"on the|(?:their|his|her|the) (?:[^ ]+ )?{FIELD})\b",
    r"\b(?:all|only) (?:that )?(?:we|she|he|they) (?:ever )?(?:talked|spoke|told me) (?:about|of)\b",
    rf"\b{SOURCE}\b{NEAR} (?:limited|restricted|confined) to\b",
    r"^(?:but |and )?never about\b",
    rf"^but no (?:[^ ]+ )?{FIELD}$",
    rf"^(?:whereas|while|but) (?:the|my|your|her|his|their) {SOURCE} (?:is|are) about\b",
    r"\b(?:talked|spoke|told me|wrote)\b.* (?:only|alone)$",
    r"\bonly (?:ever )?(?:talks?|talked|spoke|speaks?|told (?:me|us|you)) (?:about|of)\b",
    rf"\bonly (?:see|know|have|find|read|has|covers?|lists?) (?:[^ ]+ )?(?:[^ ]+ )?{FIELD}\b",
)
"""Memories that do not say: "the note is silent", "nothing about food", "he only told me about work"."""

_VALUE_MISSING = one_of(
    r"\b(?:is|are|was|were|remains?|stays?|left|seems?|goes|went|go) (?:[^ ]+ )?(?:un(?:known|clear|stated|"
    r"specified|disclosed|recorded|determined|available|familiar|identified|mentioned|answered|described|"
    r"recogni[sz]ed|certain|said|documented|listed)|missing|absent|omitted|empty|blank|new to me|a mystery|"
    r"a blank|(?:a )?(?:[^ ]+ )?strangers?)(?! (?:but|and|future|to (?:the|most|many|others))\b)(?: (?:to me|"
    r"to us|from|in|on|who|what|which|here|for|at|by|so|where|how|when|why|whose|if|whether)\b|$)",
    r"^(?:still |is |simply |just )?(?:un(?:known|clear|stated|specified|disclosed|recorded|determined|available|"
    r"mentioned|answerable|answered|recogni[sz]ed)|undeterminable|indeterminate)(?:$| (?:person|individual|"
    r"speaker|voice|face|who|what|which|whether|from|based|given|in|on|at|to me|as|due|with|by)\b)",
    r"^un(?:known|familiar|identified|recogni[sz]ed) (?:person|individual|speaker|voice|face|man|woman|caller)$",
    rf"^(?:[^ ]+ )?(?:{FIELD}|{KNOWLEDGE}|speaker|person|identity|face) (?:unknown|unidentified|unclear|missing|"
    r"unavailable|unspecified|undisclosed|not found)$",
    r"\b(?:left|stays?|remains?) (?:[^ ]+ )?(?:out|open|blank|empty)(?:$| (?:what|who|where|which|how|whether)\b)",
    r"\bleft (?:it |that )?(?:out|open|blank)\b",
    r"\b(?:complete|total|perfect) (?:stranger|blank|mystery)\b",
    r"^(?:a|an|just a|some) (?:stranger|unknown person)(?: to me)?$",
    r"\b(?:must be|is|see|hear|seeing|hearing) (?:a|an) (?:complete |total |perfect )?(?:unknown|unfamiliar|"
    r"stranger(?:'s)?)(?: (?:voice|face|man|woman|person))?$",
    r"\bstranger to (?:me|us)\b",
    r"(?:^|\b(?:is|are|was|person|speaker|voice|face|man|woman) )(?:\w+ )?(?:unknown|unfamiliar|new) to me\b",
    r"^we are strangers\b",
    r"\bis a (?:[^ ]+ )?(?:mystery|riddle|puzzle|enigma)(?: to me)?$",
    r"\bmystery to me\b",
    r"\babsent from (?:the|my|your|these|all|every|any)\b",
    r"^absent$",
    r"\babsent from memory\b",
    r"\b(?:drawing|draw|drew) (?:a (?:[^ ]+ )?)?blanks?\b",
    r"\bmind is (?:a )?(?:[^ ]+ )?blank\b",
    r"\bat a loss\b",
    r"\bleaves? (?:[^ ]+ ){1,4}(?:out|open|empty|blank)\b",
    r"\bskips? (?:that|this|the)\b",
    r"\bnothing (?:written|said|noted|recorded|mentioned|stated|there|springs? to mind|comes? to mind)\b",
    r"\b(?:no one|nobody) (?:springs?|comes?) to mind\b",
    r"\bescape[sd]? me\b",
    r"\bkept (?:that|it|this)? ?(?:to (?:themselves|himself|herself)|secret|quiet|private)\b",
    r"\bkept quiet about (?:it|that|this)\b",
    r"^(?:that|this|it) is (?:simply |just )?not (?:in|something|anything) ",
    r"^(?:but |and )?(?:it|that|this) is not (?:him|her|them|us)$",
)
"""A value that is missing: "her job is unknown", "left blank", "a stranger to me"."""

_UNMATCHED = one_of(
    r"^(?:so |sorry |no |well |sadly |unfortunately |in short |thus |therefore |hence |out of the four |"
    r"of the four )*(?:none|neither|not one|not any|(?:nobody|no one)(?= (?:[^ ]+ )?(?:i|in|here|there|with|like|"
    r"among|of|from|that|who|told|said|looks|sounds|speaks|has|fits|matches)\b|$))(?! (?:other|others|else|better|"
    r"more|shall|of (?:the )?(?:other|others|those|these cities))\b)(?: [^ ]+){0,12}$",
    r"\b(?:is|are|was|were|am|appears?|occurs?|stands?|matches|fits|found|to|like|fit|"
    r"match|matched|resembles?|suits?) (?:in |to |with |of )?(?:none|"
    r"neither|nobody|no one|no|not one)(?: of (?:them|these|those|the (?:four|people|memories|notes|voices|faces|"
    r"clips)|my|your|which|any)\b|(?: [^ ]+)? i (?:know|have|remember|can)\b|$)",
    r"\bthere is (?:nobody|no one)\b",
    r"\bnone of (?:whom|which)\b",
    rf"\b{SOURCE} (?:all )?(?:are (?:about|of|on)|deal with|describe|concern|belong to) (?:[^ ]+ )?(?:other|different) "
    r"(?:people|persons|speakers|ones|men|women)\b",
    r"\b(?:found|find|see|have|has|had|hold|got|know) (?:nobody|no one|none|nothing)\b",
    r"\bdiffers? from (?:all|every|each|any)\b",
    r"\b(?:are|is|look|looks|sound|sounds) (?:all )?(?:different|other)\b.*\b(?:from|than)\b.*\b(?:one|this|query|"
    r"photo|picture|clip|voice|face|you)\b",
    r"\b(?:all|four|each|every|they) .*(?:are|look|looks|sound|sounds|has|have) (?:all )?(?:a )?(?:different|"
    r"others|other people)\b",
    r"^(?:it is |this is )?(?:someone|somebody) else\b",
    r"\ba (?:different|fifth) (?:person|voice|face|man|woman|one)\b",
    r"\bdifferent from (?:the|all|any|my|these|those)\b",
    r"\b(?:all|every)\b.* (?:excluded|ruled out)$",
    r"\b(?:exclude|excluded|rule out|ruled out) all\b",
    r"\ball (?:are|look|sound) (?:different|other)\b",
    r"\bnever (?:seen|met|heard|spoken|encountered)\b",
    r"^not (?:\w+ )?(?:anyone|anybody|someone|somebody|one|any|a (?:face|voice|person|man|woman)|something|"
    r"anything)(?: (?:of|i|he|she|that|in|from|known|who|among|stored|the|whom)\b|$)",
    r"^not (?:that|to) (?:i know of|i am aware of|my knowledge)$",
    r"^(?:but |and )?not (?:that|this|there|here|listed|them|any)$",
    r"^no(?: (?:exact|clear|good|such|other))? (?:match|hit|person|result)\b",
    r"\b(?:we|i) have not met\b",
    r"\bbe(?:en)? introduced\b.*\bnot\b",
    r"\bhave not been introduced\b",
)
"""Nobody fits: "none of the four", "the voice differs from all", "not anyone I know"."""

_REFUSES = one_of(
    r"\bi (?:will |would |must |have to |am going to (?:have to )?|shall |can only |need to )?(?:rather |"
    r"prefer to |better |simply )*(?:abstain|pass|decline|skip|refrain|not (?:guess|speculate|say|answer|make)|"
    r"leave (?:it|this|that|your)|say nothing|plead)\b",
    r"^(?:abstain|abstaining|abstains|abstention|pass|hard pass|skip|skipped|declined?|no answer|no response)\b"
    r"(?! a\b| an\b| the\b)",
    r"\b(?:will|would|should|do|am going to|could|must|can|going to|have|better|"
    r"want) not (?:to )?(?:be )?(?:guess|speculat|identif|answer|recogni|pretend|gambl|bluff)\w*",
    r"\b(?:policy|guidelines?|privacy)\b.*\b(?:identif|recogni|not)",
    r"\bagainst (?:my|the) (?:guidelines|policy|rules)\b",
    r"\brather not$",
    r"\bbetter not to answer\b",
    r"\bleave (?:it|this|that|your question)(?: one)? (?:unanswered|open|blank)\b",
    r"\bnot (?:supposed|allowed|permitted|designed|going) to (?:identify|recogni[sz]e|guess|answer)\b",
)
"""A refusal: "I must pass", "I don't identify real people"."""

_SPECULATES = one_of(
    r"\bwithout (?:knowing|seeing|hearing|being told|more|further|additional|a match|a matching|a face|a memory|"
    r"any)\b",
    r"\b(?:only|just|merely|would) (?:be )?(?:pure |mere |wild |complete )?(?:guess|guessing|guesswork|"
    r"speculat\w*|invent\w*)\b(?! (?:that|it is|he|she|they)\b)(?: on my part| here)?$",
    r"\bwould be (?:a |an )?(?:pure |mere |wild |complete |total )?(?:guess|guesswork|speculation|speculating|"
    r"invention|guessing|inventing|fabricat\w*|fiction|made up|lying|shot in the dark)\b",
    r"\b(?:making|make|made) (?:it|this|that|things|something|one) up\b",
    r"\bmade up$",
    r"\bhave to (?:guess|invent|speculate|make)\b",
    r"\bshot in the dark\b",
    r"\bany(?:one|body)'s guess\b",
    r"\bpure (?:invention|fiction)\b",
    r"\bcould (?:only )?(?:guess|speculate)$",
    r"\binvent (?:something|it|one|an answer)\b",
)
"""An answer would be invented: "I'd only be guessing"."""

_IGNORANT = one_of(
    r"^(?:(?:i|we) )?(?:have |had |got )?(?:absolutely |really |honestly |simply )*(?:no|not the|not a|zero|"
    r"not any)(?: (?:\w+est|real|earthly|single))? (?:ideas?|clues?)\b",
    r"^(?:i |we )?(?:really |honestly |simply |just )*(?:do|did|does|would|could|can|am|have) not (?:really |"
    r"quite |even |actually |truly )*(?:know|say|tell|recall|remember|recogni[sz]e)\b",
    r"\b(?:beats me|search me|no clue|as good as mine|in the dark|clueless|stumped|ignorance|lost here|"
    r"none the wiser)\b",
    r"\bi wish i (?:knew|could)\b",
    r"\b(?:come|comes|came|coming) up (?:empty|short)\b",
    r"\b(?:i|we) (?:would )?need (?:more|to be told|a memory)\b",
    r"^(?:but |and )?(?:i|we) never (?:asked|learn\w*|got|found|heard|knew|saw|met|noted|wrote)\b",
    r"^(?:need|needs|needed|requires?) more\b",
    r"^more (?:information|info|context|details?) (?:needed|required|necessary)\b",
    r"^(?:god|goodness|heaven|lord|who|no one|nobody)(?: only)? knows$",
    r"\bnot the (?:\w+est|slightest)$",
    r"\bincapable of\b",
    r"\bnot coming to me\b",
    r"\bmore than i know\b",
    r"\bi (?:do|did|can) not have$",
    r"\b(?:someone|somebody|a person|a man|a woman|something|anyone|a voice|a face) i (?:do|have|can|could|"
    r"did) not\b",
    r"\bsomeone new\b",
    r"\bno help (?:here|there|with)\b",
    r"\bi (?:have )?(?:forgot|forget|forgotten)$",
    r"\byou (?:would )?have to ask\b",
    r"\b(?:i )?wish i (?:knew|could)\b",
    r"\bif only i\b",
    r"\bi would .*\bif i (?:knew|could)\b",
    r"\bhow (?:should|would|could) i know\b",
    r"\bmeans? nothing to me\b",
    r"\b(?:i|we) (?:know|remember|recall|recogni[sz]e|hear|see|have|find|found) (?:no|nothing|nobody|none|"
    r"too little|very little)\b",
    r"\bi am missing\b",
    r"\bmissing (?:a|the|that|this) (?:memory|piece|note|entry|information|detail)\b",
    r"\bmissing from (?:the|my|your|this|her|his|their)\b",
    r"\b(?:i|we) (?:do|can|could|will|would|have) not$",
)
"""Ignorance by idiom: "no idea", "beats me", "how should I know"."""

PERSON_UNKNOWN = one_of(
    rf"^{PERSON}(?: is| are| was| were| am| do| does| did| has| have| can| could)? ?(?:never|not)(?: been| be| a|"
    r" even)? ?(?:(?:really|yet|actually|in fact|exactly|listed|seem to be|appear to be) )?(?:among|in (?:any|my|"
    r"your|these|those|them|it|memory|the (?:[^ ]+ )?(?:notes?|memor\w+|contexts?|list|four|records?|people))|"
    r"one of|one i|part of|"
    r"someone|somebody|anyone|anybody|any of|known|familiar|listed|mentioned|described|match(?:ed)?|appear|"
    r"identif\w+|recogni[sz]ed|here|there|introduced|stored|exist|a match|correspond|belong|fit|found)\b(?! (?:as|"
    r"with any party)\b)",
    rf"^{PERSON} (?:(?:do|does|did|have|has) not|never)(?: ever)? (?:told?|tell|said|say|mention(?:ed)?|shared?|"
    r"reveal(?:ed)?|disclosed?|g[ai]ven?|gave|specif(?:y|ied)|state[d]?)(?: (?:me|us|you|it|that|this|so|anything|"
    r"what|where|who|whether|how|when|why|any|their|her|his)\b.*)?$",
    rf"^{PERSON} (?:is|are|was|were) (?:[^ ]+ )?(?:unknown|unfamiliar|unidentified|absent|missing|new|strangers?|"
    r"nobody i|none of)(?: (?:to me|from (?:my|the|your)|in (?:my|the|your)|in (?:all|any)|i)\b.*|$)",
    rf"^{PERSON} (?:is|are) (?:a|an) (?:[^ ]+ )?(?:stranger|unknown)(?: to me)?$",
    rf"^{PERSON} kept (?:quiet\b|(?:it|that|this)(?: (?:a secret|secret|private|quiet|to \w+sel\w+))?$)",
    rf"^{PERSON} (?:never |has |have )?(?:dodged|dodges|avoided|avoids|evaded|evades|ducked|sidestepped|skirted|"
    rf"withheld) (?:that|"
    r"this|the|my|your) (?:topic|question|subject|point|matter|issue)\b",
    rf"^{PERSON} (?:never|not) (?:volunteer\w*|let on|open\w* up|went into|go into|say so)\b",
    rf"^{PERSON} (?:has |have )?hid(?:den|es)? (?:it|that|this) well\b",
    rf"^{PERSON} (?:is|are) (?:a|the) (?:[^ ]+ )?(?:mystery|riddle|puzzle|enigma)(?: guest| man| woman)?(?: to me)?$",
    rf"^{PERSON} (?:took|takes|kept) (?:that|this|it) (?:[^ ]+ ){{0,3}}(?:home|to the grave|with (?:him|her|them)|"
    rf"from (?:me|us))\b",
    rf"^{PERSON} told me\b.* (?:except|but) (?:that|this|it)$",
    rf"^{PERSON}\b.* close to (?:his|her|their) chest\b",
    rf"^{PERSON}\b.* without (?:ever |once )?(?:touching|mentioning|saying|telling|naming)(?: on| of| about)? "
    r"(?:that|it|this)$",
    rf"^{PERSON} (?:is|are) (?:neither|none|no one|nobody) (?:of|i)\b",
    rf"^{PERSON} (?:not|never) (?:said|told|mention\w*)\b",
    rf"^{PERSON}\b.* (?:someone|somebody|a person|a man|a woman|nobody|no one|one) i (?:have|do|did|can|"
    r"could)(?: not)?\b",
    rf"^{PERSON} (?:is|are) (?:someone|somebody) else\b",
    rf"^{PERSON} (?:is|are) (?:a )?different (?:person )?from\b",
    rf"^{PERSON} (?:left|leaves) (?:it|that|this) (?:out|open)\b",
    r"\b(?:s?he|they|travelled|studied|works?) (?:[^ ]+ )?left out$",
    rf"^{PERSON} (?:do|does|did) not (?:cover|contain|include|specify|indicate|record|describe)\b",
    r"^(?:we|you|s?he|they) (?:only )?(?:ever )?(?:told me|talks?|talked|spoke) (?:only )?(?:about|of) .*\b"
    r"(?:only|alone)$",
    rf"^{PERSON} only (?:ever )?(?:told me|talks?|talked|spoke) (?:about|of)\b",
)
"""The person asked about is unknown or did not tell: "she isn't in my notes", "he never told me"."""

DECLINING = (_DENIES, _SOURCE_LACKS, _VALUE_MISSING, _UNMATCHED, _REFUSES, _SPECULATES, _IGNORANT, FIGURES)
