"""Words that the lexical judge treats as equal: spellings, short forms and everyday synonyms. Data only.

The lists are short on purpose: they contain only words that mean the same in every answer about a person.
"""

from __future__ import annotations

SAME_WORDS = (
    "saint st",
    "grey gray",
    "blond blonde",
    "woollen woolen wool",
    "jumper sweater pullover",
    "trousers pants slacks",
    "trainers sneakers",
    "spectacles eyeglasses glasses",
    "coat overcoat",
    "bicycle bike",
    "motorbike motorcycle",
    "automobile car",
    "film movie",
    "television tv",
    "photograph photo",
    "laboratory lab",
    "university uni",
    "mathematics maths math",
    "physician doctor",
    "attorney lawyer",
    "soccer football",
    "apartment flat",
    "aeroplane airplane plane",
    "autumn autumnal",
    "mum mom mother",
    "dad father",
    "grandma grandmother",
    "grandpa grandfather",
    "children kids",
    "happy glad joyful cheerful",
    "sad unhappy sorrowful",
    "afraid scared frightened fearful",
    "nervous anxious",
    "tired weary exhausted",
    "angry furious",
    "hopeful optimistic",
    "proud prideful",
    "excited thrilled",
    "relaxed laid-back",
    "big large",
    "small little",
    "shoulder-length shoulderlength",
    "beneath underneath under below",
    "beside next-to",
    "ship vessel",
    "repair fix mend",
    "gather collect",
    "begin start",
    "buy purchase",
    "job occupation profession",
    "harbour harbor",
    "centre center",
    "sceptical skeptical",
    "jewellery jewelry",
    "tyre tire",
    "cosy cozy",
    "programme program",
    "cheque check",
    "kerb curb",
    "plough plow",
    "aluminium aluminum",
    "pyjamas pajamas",
    "storey story",
    "defence defense",
    "licence license",
    "practise practice",
    "trip journey travel travelling traveling travelled traveled",
    "panelled paneled",
    "marvellous marvelous",
    "catalogue catalog",
    "dialogue dialog",
    "artefact artifact",
    "mould mold",
    "axe ax",
    "moustached mustached",
    "seaside coast",
    "theatre theater",
    "biscuit cookie",
    "aubergine eggplant",
    "courgette zucchini",
    "coriander cilantro",
    "lorry truck",
    "underground subway",
    "railway railroad",
    "holiday vacation",
    "shop store",
    "garden yard",
    "rubbish trash garbage",
    "torch flashlight",
    "fringe bangs",
    "plait braid",
    "moustache mustache",
)
"""Words in dictionary form, one group per line."""

RELATIVES = (
    "sister brother sibling friend wife husband partner mother mum mom father dad son daughter aunt uncle cousin niece "
    "nephew neighbour neighbor colleague coworker flatmate roommate boss grandmother grandfather twin"
)
"""Words for somebody other than the person asked about."""

DEGREES = (
    "quietly slightly somewhat fairly deeply mildly usually often sometimes occasionally mostly mainly generally "
    "little bit truly "
    "meticulously"
)
"""Words for how much or how often, which do not decide whether an answer is right."""

COLOURS = (
    "black white red blue green yellow orange purple pink brown gray navy teal turquoise beige cream maroon burgundy "
    "crimson scarlet "
    "violet lilac lavender mauve indigo gold golden silver bronze copper khaki olive mustard ochre amber ivory "
    "charcoal blond "
    "auburn ginger chestnut sandy tan coral salmon magenta cyan"
)

COUNTRIES = (
    "argentina australia austria belgium bolivia brazil canada chile china colombia croatia cuba czechia denmark "
    "ecuador egypt estonia "
    "ethiopia finland france georgia germany ghana greece hungary iceland india indonesia iran iraq ireland israel "
    "italy japan "
    "jordan kenya latvia lebanon lithuania malaysia mexico morocco nepal netherlands nigeria norway pakistan peru "
    "philippines poland "
    "portugal romania russia scotland senegal serbia singapore slovakia slovenia spain sweden switzerland taiwan "
    "tanzania thailand "
    "tunisia turkey uganda ukraine uruguay usa vietnam wales england"
)
"""Countries of one word: "Oslo" says "Oslo, Norway"."""
