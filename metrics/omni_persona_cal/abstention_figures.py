"""Figures of speech that decline to answer (see `abstention_denials`). One kind stands on each line."""

from __future__ import annotations

from .abstention_words import GAP, NOT, SOURCE, any_of, one_of

_KEEPER = any_of(
    SOURCE, "files?", "archives?", "memory bank", "address book", "book", "books", "lists?", "roster", "radar", "map",
    "menu", "box", "line-?up", "cards", "head", "mind", "pay grade", "league", "depth", "reach", "knowledge",
)  # fmt: skip
"""What holds knowledge, literally or not."""
_MATTER = any_of(
    "this(?: one)?", "that(?: one)?", "it", "(?:the|your) (?:answer|question|subject|topic|point|matter|fact|detail)",
)  # fmt: skip
"""What was asked."""
_SEER = r"(?:clairvoyant|fortune[- ]teller|psychic|mind[- ]reader|crystal ball|oracle|medium|detective|prophet|wizard)"

FIGURES = one_of(
    # The matter is out of reach: "that's above my pay grade", "the question outruns my notes".
    rf"^(?:but |and |so )*{_MATTER}\b(?: [^ ]+){{0,6}}? (?:over|above|beyond|outside|outruns?|outstrips?|exceeds?|"
    rf"off|out "
    rf"of|past|through|not on|not in|not from)(?: [^ ]+){{0,4}}? (?:my|our|your|these|those|any|what)\b",
    r"^(?:lies|lie|is|falls|goes) (?:outside|beyond)\b",
    r"\b(?:cracks|edge|limits?|bounds|end) of (?:my|what (?:i|you))\b",
    # Sources are silent or empty: "my notes are mute", "the trail goes cold", "the well is dry".
    rf"\b(?:{SOURCE}|files?|archives?) (?:simply |just |all )?(?:is|are|keeps?|stays?|remains?|runs?|ran|falls?|fell|"
    rf"goes|"
    r"went|jumps?|skips?|moves?|comes?|leaves? (?:us|me|it|that|you))(?: [^ ]+){0,3}? (?:mute|dumb|quiet|silent|dry|"
    r"bare|"
    r"thin|hanging|secrets?|hollow|past|short|mum)\b",
    r"\b(?:cupboard|drawer|well|tank|shelf|slate|page|safe|mine|trail|line|source|supply|"
    r"knowledge)\b(?: [^ ]+)? (?:bare|"
    r"dry|empty|blank|cold|dead|ends?|stops?|out)\b",
    r"\b(?:there is|has|have|is|just|only) (?:just |only |simply )?(?:a|an) (?:[^ ]+ )?(?:gap|hole|blank(?: page)?|"
    r"void|"
    r"question mark|closed book|sealed book|dead end|brick wall)\b",
    r"\b(?:(?:radio|total|complete|dead) silence|crickets)\b",
    r"^(?:not|never) (?:a|one|the|so much as a) (?:[^ ]+ )?(?:peep|syllable|word|whisper|trace|crumb|shred|sliver|hint|"
    r"mention)\b",
    # Nothing leads to the person: "nothing links ...", "no thread leads ...", "all doors lead nowhere".
    r"\bnothing (?:links?|connects?|ties|tied|sticks|stands|jumps|rings|leads?|points?|helps?|fits|to (?:go|chew|build|"
    r"work|hang))\b",
    r"\bno (?:[^ ]+ )?(?:thread|trail|track|tracks|link|lead|leads|bridge|path|name|bell|bells)\b",
    r"\b(?:leads?|led|goes|gets me) nowhere\b",
    rf"\b{NOT}\b{GAP} (?:crossed? paths|had the pleasure|on (?:my|the) (?:list|roster|radar|books|menu|map)|"
    rf"pick(?:ed)? "
    r"(?:[^ ]+ ){0,3}out|in (?:the|that) (?:room|loop|box|book)|party to|privy|briefed|broached|touched|let in|"
    r"let me in|"
    r"handed|filled in|made it into|squeeze|read out|stretch|spelled|spelt|within)\b",
    # Somebody new: "a new face", "this is a fifth", "walked in off the street".
    r"\b(?:a|the|another) (?:perfect |total |complete |utter )?stranger(?: to me)?$",
    r"\bnever (?:[^ ]+ )?(?:laid|set|clapped) eyes on\b",
    r"\b(?:never|not) (?:[^ ]+ ){0,2}(?:introduced|had the pleasure)\b",
    r"\bunlisted\b",
    r"^(?:(?:this|that|it) is )?(?:just )?(?:a|another) (?:brand[- ])?new (?:face|voice|person|one)\b",
    r"\b(?:is|be|see|hear|makes?|person|number) (?:a|the)? ?(?:fifth|number five)$",
    r"\bat another (?:party|table|time|place)\b",
    r"\bstranger's\b",
    r"\boff the street\b",
    r"\b(?:crashed|crasher|gatecrasher|outsider|intruder)\b.*\b(?:my|the|these) ",
    # The speaker gives up: "I tap out", "count me out", "I throw in the towel".
    r"^(?:i|we) (?:am|are|was|were|keep|kept|(?:must )?have been) (?:[^ ]+ )?(?:shooting blanks|drawing nothing|"
    r"scratching|flying blind|"
    r"groping|fumbling|drowning|asleep|absent|away|elsewhere|at sea|beaten|defeated)\b",
    r"^(?:(?:nope|no) )?drawing (?:a )?(?:blank|nothing)\b",
    r"\bbarking up the wrong tree\b",
    r"\b(?:is|are|was) (?:[^ ]+ )?(?:beyond|past|lost on) me\b",
    r"\b(?:in vain|to no avail|with no (?:luck|success|result)|without (?:luck|success|result))$",
    r"\b(?:came|come|comes) (?:back|away|up|out) with (?:nothing|none|zero|no)\b",
    r"\bsit (?:this|that|it)(?: one)? out\b",
    r"\bdo not do (?:guess\w*|speculation)\b",
    r"\b(?:sooner|rather) (?:say|give you|write|answer) nothing\b",
    r"^how (?:[^ ]+ ){0,3}(?:should|would|could) i know\b",
    r"^not for [^.]* (?:could|would|can) i (?:tell|say|name)\b",
    r"^insert (?:answer|name)\b",
    rf"\b(?:would|will|need|needs|takes?|requires?) (?:take )?(?:a (?:fifth|fourth|further|better) {SOURCE}|"
    rf"knowledge|more than)\b",
    r"^(?:so |then |here )*(?:i|we) (?:will |would |must |have to |am going to |shall |"
    r"can only )?(?:just )?(?:tap out|give "
    r"up|have to owe|throw|fold|surrender|bow out|raise the white|refuse|draw the line|rest my case|stop here|"
    r"hold my|bite my|owe "
    r"you)\b",
    r"\bcount me out\b",
    r"\b(?:disappoint|let) you(?: down)?(?: here| there)?$",
    r"\b(?:empty[- ]handed|out of (?:leads|ideas|clues|luck|options|my depth|answers)|luck(?: is)? out)\b",
    r"^(?:tough|hard|bad|no) luck\b",
    r"\bplead(?:ing)? (?:ignorance|the fifth)\b",
    r"\b(?:greek|double dutch|chinese|news) to me\b",
    r"\byou have (?:me|got me) (?:there|stumped|beaten|at)\b",
    r"^(?:consider|call|leave|file|put|mark|let us call|let's call) (?:this|that|it)(?: one| down)?(?: as|"
    r" under)?(?: an?)? "
    r"(?:[^ ]+ )?(?:unanswered|unanswerable|undecidable|open|unknown|hanging|blank|unsolved|pass|draw|mystery)\b",
    r"\bleave (?:that|this|it|us|me|you)(?: one)? (?:hanging|open|unanswered|unsolved)\b",
    r"\bask (?:the wall|me (?:another|something|an easier)|around)\b",
    r"\b(?:only (?:she|he|they|god|heaven)|nobody but (?:her|him|them)) (?:could|can|would|will|knows?)\b",
    r"\b(?:put|address|direct|take) (?:that|this|the|your) (?:question )?(?:to|up with) (?:him|her|them|someone)\b",
    # Anything said would be invented: "plucked out of thin air", "I'd need a clairvoyant".
    r"\b(?:thin air|out of (?:a|my) hat|figment|fairy tale)\b",
    r"\bwould be (?:[^ ]+ )?(?:a )?(?:lie|lying|fib|fibbing|dishonest|untrue|bluff|bluffing|fiction|pulling your leg|"
    r"kidding|irresponsible|unfair|reckless)\b",
    rf"\b(?:need|consult|ask|better|without|unless i were|not|hire|call|become)\b(?: [^ ]+){{0,5}}? {_SEER}\b",
    r"\bcrystal ball (?:is|has|was|stays|remains)\b",
    r"\bas good as (?:a |the )?(?:coin|coin toss|random|anyone's|anybody's|chance)\b",
    # It is kept secret: "that's her secret", "left to the imagination", "best left unsaid".
    r"\bfor (?:her|him|them|me) to know\b",
    r"\b(?:hidden|hid|hides|kept|keeps) (?:it|that|this) (?:well|secret|quiet|dark)\b",
    r"\b(?:everything|anything|all|lots?|plenty|a lot|much|many things)\b.* (?:except|but|save|only not|"
    r"just not)(?: for| of| about)? "
    r"(?:that|this|it|the one thing)\b",
    r"\b(?:that|this|those|these|the) (?:detail|part|bit|piece|fact|point|"
    r"information|chapter|page|line|lines|thing)s? (?:[^ ]+ ){0,4}?(?:lost|"
    r"skipped|missing|"
    r"missed|cut|torn|never|forgotten|withheld|dropped)\b",
    r"\b(?:forgot|forgotten|failed|neglected|omitted) to (?:tell|mention|say|note|inform|brief)\b",
    r"\bskipped (?:that|this|it|the) (?:part|bit|topic|subject|page)\b",
    r"\b(?:is|are|remains?|stays?) (?:(?:her|his|their)(?: own)? |a |between )(?:[^ ]+ )?(?:secret|business|affair)\b",
    r"\bleft (?:to (?:the|your|my|our) imagination|unsaid|unguessed|unanswered|no (?:tracks?|traces?|footprints?|"
    r"clues?))\b",
)
"""Ways of saying figuratively that the answer is not known."""
