"""Cal: does a personal assistant answer what its memories contain, and abstain otherwise?

The metric of Omni-Persona (arXiv 2605.09996) as plain functions. `evaluate` loads the same code through
`omni_persona_cal.py` in this folder; importing the package loads neither `evaluate` nor `datasets`.
"""

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
