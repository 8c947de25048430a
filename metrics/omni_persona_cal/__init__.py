"""Cal: does a personal assistant answer what the memories hold, and say so when they do not?

The metric of Omni-Persona (arXiv 2605.09996) as a plain function. `evaluate` loads the same code through
`omni_persona_cal.py` in this folder; importing the package loads neither `evaluate` nor `datasets`.
"""

from .abstention import CANONICAL_ABSTENTION, abstains
from .evaluation import compute
from .lexical import judge as lexical_judge
from .scores import VERDICTS

__all__ = ["CANONICAL_ABSTENTION", "VERDICTS", "abstains", "compute", "lexical_judge"]
