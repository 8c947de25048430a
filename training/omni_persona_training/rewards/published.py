"""Published changes in abstention of trained models, compared with what the simulation predicts.

Only directions are compared: the simulation knows only how often a model abstains and is right.
Source: the paper's Tables 2 and S.14 (arXiv 2605.09996), and the v2.2 release's table.
"""

from __future__ import annotations

from dataclasses import dataclass

from omni_persona_training.rewards.simulate import Policy, Setting, Simulated, simulate

START = Policy("Qwen2.5-Omni-3B", 0.248, 0.379, 0.0)
"""Zero-shot, from the paper's Table 2; assumed unable to tell the kinds apart, the case that drifts."""
START_7B = Policy("Qwen2.5-Omni-7B", 0.179, 0.226, 0.0)
"""Zero-shot, from the release's table."""
RIGHT = 0.4
"""p: our choice; neither source states how often a model is right in training."""


@dataclass(frozen=True)
class Published:
    """A training run with a published outcome."""

    name: str
    reward: str
    setting: Setting
    start: Policy
    one_minus_fa: float
    ta: float
    """As published, in 0..1."""

    def simulated(self) -> Simulated:
        """The simulated outcome."""
        (result,) = simulate(self.reward, self.setting, (self.start,), (RIGHT,))
        return result

    def agrees(self) -> bool:
        """Whether 1-FA and TA move in the published direction."""
        said = self.simulated()
        return all(
            (there - start) * (published - start) > 0
            for there, published, start in (
                (said.one_minus_fa, self.one_minus_fa, 1 - self.start.false_abstention),
                (said.ta, self.ta, self.start.true_abstention),
            )
        )


PUBLISHED = (
    Published("paper, both rewards", "paper", Setting(group_size=4, beta=0.04, perception=0.2), START, 0.568, 0.557),
    Published("paper, retrieval alone", "paper", Setting(group_size=4, beta=0.04), START, 0.281, 0.825),
    Published(
        "paper, perception alone", "paper", Setting(group_size=4, beta=0.04, perception=1.0), START, 0.872, 0.276
    ),
    Published("paper, both, beta 0", "paper", Setting(group_size=4, perception=0.2), START, 0.031, 0.981),
    Published("release, 7B", "release as coded", Setting(group_size=8, beta=0.04), START_7B, 0.98, 0.072),
)
"""The fraction of perception tasks is our estimate: the paper states it for its corpus (86 %), not by weight."""
