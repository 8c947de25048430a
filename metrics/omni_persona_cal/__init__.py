"""Cal: does a personal assistant answer what its memories contain, and abstain otherwise?

The metric of Omni-Persona (arXiv 2605.09996) as plain functions. `evaluate` loads the same code through
`omni_persona_cal.py` in this folder; importing the package loads neither `evaluate` nor `datasets`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .abstention import CANONICAL_ABSTENTION, abstains, abstains_judged
    from .agreement import judge_agreement, overlap_check
    from .comparison import compare
    from .evaluation import compute, judged_items
    from .judge import ContextualJudge, Judge, JudgeError, Judgement, Question, ask
    from .judges import make_judge
    from .lexical import judge as lexical_judge
    from .power import detectable_difference, source_samples_needed
    from .repeats import compute_repeats
    from .scores import VERDICTS
    from .several import compare_several

__all__ = [
    "CANONICAL_ABSTENTION",
    "VERDICTS",
    "ContextualJudge",
    "Judge",
    "JudgeError",
    "Judgement",
    "Question",
    "abstains",
    "abstains_judged",
    "ask",
    "compare",
    "compare_several",
    "compute",
    "compute_repeats",
    "detectable_difference",
    "judge_agreement",
    "judged_items",
    "lexical_judge",
    "make_judge",
    "overlap_check",
    "source_samples_needed",
]

_MODULES = {
    "CANONICAL_ABSTENTION": "abstention",
    "VERDICTS": "scores",
    "ContextualJudge": "judge",
    "Judge": "judge",
    "JudgeError": "judge",
    "Judgement": "judge",
    "Question": "judge",
    "abstains": "abstention",
    "abstains_judged": "abstention",
    "ask": "judge",
    "compare": "comparison",
    "compare_several": "several",
    "compute": "evaluation",
    "compute_repeats": "repeats",
    "detectable_difference": "power",
    "judge_agreement": "agreement",
    "judged_items": "evaluation",
    "lexical_judge": "lexical",
    "make_judge": "judges",
    "overlap_check": "agreement",
    "source_samples_needed": "power",
}


def __getattr__(name: str) -> Any:
    """Import exported names on first access: many readers of files need one small module of this package."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES[name]}")
    return getattr(module, "judge" if name == "lexical_judge" else name)
