"""Detect abstention in a model's own words: our rule, reported beside the paper's list of phrases.

An answer is split into clauses (`abstention_clauses`), and each clause does one of these (`abstention_grammar`):

- it **declines**: it denies knowledge ("I can't place this face"), says that the memories do not state it ("no job was
  mentioned") or do not contain the person ("none of the four"), or refuses ("I don't identify real people");
- it leaves a **detail** open ("I don't know where exactly") or **doubts** ("I'm not sure"), which is abstaining only if
  nothing is answered;
- it **answers**, however hedged ("probably a nurse", "I'd say Rome"), or says who it is ("it's the second person");
- it does none of these: apologies, offers, what was looked through, what the photo shows.

A text abstains if a clause declines and no answer follows. An answer that precedes is taken back by it ("he bakes, but
his hobby isn't noted"), unless it is a bare one ("Nurse; the town isn't noted") or the clause concedes ("though ...").
"""

from __future__ import annotations

import re

from .abstention_clauses import Clause, clauses, unquoted
from .abstention_grammar import (
    Act,
    act_of,
    announces_words,
    concedes,
    goes_on,
    is_adjunct,
    is_fragment,
    opposes,
    says_nothing,
)

_PLAINLY = re.compile(
    r"(?:sorry )?(?:i (?:do|can|could) not (?:know|say|tell|answer|determine)(?: (?:that|it|this))?|unknown|n/a|none|"
    r"nobody|no (?:answer|idea|information|match)|not (?:mentioned|stated|given|specified|known|recorded|available|"
    r"provided|found|sure))"
)
"""What abstains in quotation marks, too: it is no saying of a person."""
_CONCLUDES = re.compile(r"(?:^|\b(?:final|my|the|so|thus|therefore) )(?:answer|conclusion|result|response)$")
_SHORTEST_SAYING = 3
"""Words that may be a person's own after "his quote:"; fewer tell that there are none ("none recorded")."""


def declines(text: str) -> bool:
    """Whether a normalised answer (see `abstention.folded`) abstains in its own words.

    >>> declines("none of the four match this face.")
    True
    >>> declines("i don't know her name, but she is a nurse.")
    False
    """
    quoted = unquoted(text)
    if quoted:
        return _PLAINLY.fullmatch(" ".join(clause.words for clause in clauses(quoted))) is not None
    found = clauses(text)
    found = found[_conclusion(found) :]
    acts = _acts(found)
    declining = [at for at, act in enumerate(acts) if act is Act.DECLINES]
    answering = [at for at, act in enumerate(acts) if act is Act.ANSWERS]
    if not declining:
        answers = bool(answering) or Act.IDENTIFIES in acts or Act.EXCLUDES in acts
        return not answers and (Act.DETAIL in acts or Act.DOUBTS in acts or says_nothing(found))
    last = declining[-1]
    if Act.ANSWERS in acts[last:] or Act.IDENTIFIES in acts[last:]:
        return False
    return not answering or not (_is_bare(found, answering[0]) or concedes(found[last]))


def _conclusion(found: list[Clause]) -> int:
    """Where a conclusion begins ("final answer: ..."); 0 if there is none."""
    labels = [at for at, clause in enumerate(found[:-1], 1) if clause.labels and _CONCLUDES.search(clause.words)]
    return labels[-1] if labels else 0


def _is_bare(found: list[Clause], at: int) -> bool:
    """Whether a clause is an answer without a verb that begins the text ("Nurse", "Hobby: rowing")."""
    return is_fragment(found[at]) and not found[at].asks and all(clause.labels for clause in found[:at])


def _acts(found: list[Clause]) -> list[Act]:
    """What each clause does, where it stands."""
    acts: list[Act] = []
    main = 0
    for at, clause in enumerate(found):
        act = act_of(clause)
        if at and act is Act.ANSWERS and goes_on(found[main], acts[main], clause):
            acts.append(acts[main])
            continue
        main = at
        acts.append(_after(found[at - 1], acts[-1], clause, act) if at else act)
    return acts


def _after(before: Clause, act_before: Act, clause: Clause, act: Act) -> Act:
    """What a clause does after another one, if it does `act` by itself."""
    if opposes(before) or (announces_words(before) and len(clause.words.split()) >= _SHORTEST_SAYING):
        return Act.ANSWERS
    if act_before is not Act.ANSWERS:
        return act
    if is_adjunct(clause):
        return Act.ANSWERS
    # "A potter, no employer mentioned".
    belongs = clause.after_comma and is_fragment(clause) and not clause.words.startswith("but ")
    return Act.DETAIL if act is Act.DECLINES and belongs else act
