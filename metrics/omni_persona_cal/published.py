"""The published rows, as printed: figures x 100 (`mean_len` in words).

Facts, transcribed without correction. `audit.audit_published` finds what is inconsistent.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A published table."""

    source: str
    """Where it is printed."""
    rows: tuple[Mapping[str, str], ...]
    """Column -> figure as printed; `model` and `regime` name the row."""


@dataclass(frozen=True)
class GroupSize:
    """Number of items of a group in the evaluation set behind all tables."""

    answerable: int
    unanswerable: int


GROUP_SIZES = {
    "I2I": GroupSize(115, 116),
    "A2A": GroupSize(110, 137),
    "T2T": GroupSize(83, 41),
    "T2Any": GroupSize(83, 65),
}
"""arXiv 2605.09996: 391 answerable and 359 unanswerable items."""


def _table(source: str, text: str) -> Table:
    return Table(source, tuple(csv.DictReader(io.StringIO(text))))


PAPER_TABLE_2 = _table(
    "arXiv 2605.09996, Table 2",
    """\
model,regime,ans,cal,i2i_ans,i2i_unans,i2i_cal,a2a_ans,a2a_unans,a2a_cal,t2t_ans,t2t_unans,t2t_cal,t2any_ans,t2any_unans,t2any_cal,one_minus_fa,ta,avg
Gemini-3.1-Pro,zero-shot,69.8,76.7,67.0,93.1,80.0,61.8,97.1,79.4,74.7,41.5,58.1,75.9,69.2,72.6,71.4,83.6,77.5
Gemini-3-Flash,zero-shot,71.4,45.7,68.7,14.7,41.7,66.4,27.7,47.1,77.1,24.4,50.7,73.5,13.8,43.7,95.9,20.0,58.0
Gemini-3.1-Flash-lite,zero-shot,52.8,42.0,39.1,14.7,26.9,44.5,36.5,40.5,71.1,36.6,53.8,56.6,55.4,56.0,93.9,31.2,62.6
MiniCPM-o 4.5 (Think),zero-shot,51.8,33.6,38.3,17.2,27.8,25.5,18.2,21.9,75.9,24.4,50.1,67.5,16.9,42.2,94.6,15.4,55.0
Phi-4 Multimodal,zero-shot,52.5,40.4,44.3,31.0,37.7,24.5,37.2,30.9,69.9,19.5,44.7,71.1,24.6,47.8,88.0,28.3,58.2
Qwen2.5-Omni-3B,zero-shot,49.3,43.6,43.5,44.0,43.7,30.9,32.1,31.5,63.9,53.7,58.8,59.0,38.5,48.7,75.2,37.9,56.6
Qwen2.5-Omni-3B,SFT-1K,52.4,45.2,41.7,43.1,42.4,35.5,31.4,33.4,68.7,53.7,61.2,63.9,44.6,54.2,74.4,38.0,56.2
Qwen2.5-Omni-3B,SFT-10K,45.6,41.6,36.5,44.0,40.2,29.1,32.1,30.6,60.2,53.7,56.9,56.6,38.5,47.5,75.2,37.6,56.4
Qwen2.5-Omni-3B,RLVR,54.7,55.2,49.6,59.5,54.5,43.6,45.3,44.4,71.1,70.7,70.9,60.2,61.5,60.9,56.8,55.7,56.2
Qwen2.5-Omni-7B,zero-shot,47.9,34.2,39.1,26.7,32.9,28.2,13.1,20.7,61.4,48.8,55.1,62.7,18.5,40.6,83.6,20.5,52.1
Qwen2.5-Omni-7B,SFT-1K,47.2,34.3,36.5,28.4,32.5,31.8,13.1,22.5,59.0,46.3,52.7,61.4,21.5,41.5,84.4,21.4,52.9
Qwen2.5-Omni-7B,SFT-10K,45.9,33.0,40.0,26.7,33.4,25.5,13.1,19.3,55.4,48.8,52.1,62.7,15.4,39.0,83.9,20.1,52.0
Qwen2.5-Omni-7B,RLVR,48.3,38.0,42.6,31.9,37.3,27.3,18.2,22.8,66.3,56.1,61.2,66.3,21.5,43.9,78.5,27.6,53.1
Qwen3-Omni-30B,zero-shot,49.1,31.5,44.3,22.4,33.4,20.9,9.5,15.2,68.7,17.1,42.9,62.7,18.5,40.6,92.8,16.2,54.5
Gemma4-E2B,zero-shot,46.6,36.4,45.2,17.2,31.2,21.8,56.2,39.0,57.8,2.4,30.1,61.4,4.6,33.0,89.0,26.2,57.6
Gemma4-E2B,SFT-1K,45.7,35.7,43.5,16.4,29.9,16.4,56.2,36.3,59.0,2.4,30.7,63.9,4.6,34.2,88.8,25.7,57.3
Gemma4-E2B,SFT-10K,48.3,36.9,42.6,17.2,29.9,22.7,54.7,38.7,61.4,0.0,30.7,66.3,7.7,37.0,88.5,25.5,57.0
Gemma4-E2B,RLVR,47.8,42.4,43.5,29.3,36.4,26.4,64.2,45.3,62.7,4.9,33.8,67.5,13.8,40.7,80.6,37.0,58.8
Gemma4-E4B,zero-shot,65.3,52.6,65.2,37.9,51.6,41.8,67.9,54.9,74.7,4.9,39.8,79.5,15.4,47.5,77.8,39.9,58.9
Gemma4-E4B,SFT-1K,65.3,51.6,67.8,22.4,45.1,35.5,75.9,55.7,73.5,2.4,38.0,84.3,18.5,51.4,80.3,37.9,59.1
Gemma4-E4B,SFT-10K,66.2,53.7,67.8,37.9,52.9,42.7,72.3,57.5,79.5,2.4,41.0,74.7,13.8,44.3,78.5,41.2,59.9
Gemma4-E4B,RLVR,68.8,62.0,67.0,44.8,55.9,58.2,91.2,74.7,75.9,9.8,42.8,78.3,26.2,52.2,74.7,55.2,65.0
""",
)
"""Ans, Cal and abstention of every model, with Ans, Unans and Cal of each group."""

PAPER_TABLE_S2 = _table(
    "arXiv 2605.09996, supplement",
    """\
model,regime,cal,ans,unans,abs_f1,rouge_l,token_f1,bertscore,avg_all,one_minus_fa,ta,avg_abstention,mean_len
Gemini-3.1-Pro,zero-shot,76.7,69.8,83.6,78.3,60.2,14.6,84.3,66.8,71.4,83.6,77.5,56.5
Gemini-3-Flash,zero-shot,45.7,71.4,20.0,33.0,72.1,20.8,85.9,50.0,95.9,20.0,58.0,43.6
Gemini-3.1-Flash-lite,zero-shot,42.0,52.8,31.2,47.1,56.3,13.5,84.4,46.8,93.9,31.2,62.6,52.9
Phi-4 Multimodal,zero-shot,40.4,52.5,28.3,42.9,59.7,13.3,83.9,45.9,88.0,28.3,58.2,89.6
MiniCPM-o 4.5 (Think),zero-shot,33.6,51.8,15.4,29.6,64.3,5.7,80.0,40.2,94.6,15.4,55.0,455.7
Qwen3-Omni-30B,zero-shot,32.1,46.8,16.2,26.1,56.1,12.4,84.0,39.1,92.8,16.2,54.5,59.8
Qwen2.5-Omni-3B,zero-shot,43.6,49.3,37.9,47.5,38.8,16.5,85.5,45.6,75.2,37.9,56.6,18.3
Qwen2.5-Omni-3B,SFT-1K,45.2,52.4,38.0,47.8,38.9,16.9,85.5,46.4,74.4,38.0,56.2,18.3
Qwen2.5-Omni-3B,SFT-10K,41.6,45.6,37.6,47.5,37.6,16.4,80.3,43.8,75.2,37.6,56.4,18.3
Qwen2.5-Omni-3B,RLVR,55.2,54.7,55.7,55.0,31.0,13.0,85.0,49.9,56.8,55.7,56.2,13.5
Qwen2.5-Omni-7B,zero-shot,34.2,47.9,20.5,32.1,45.9,14.8,84.9,40.1,83.6,20.5,52.1,35.0
Qwen2.5-Omni-7B,SFT-1K,34.3,47.2,21.4,33.3,46.5,15.0,85.0,40.5,84.4,21.4,52.9,35.0
Qwen2.5-Omni-7B,SFT-10K,33.0,45.9,20.1,31.9,45.7,15.0,80.0,38.9,83.9,20.1,52.0,35.1
Qwen2.5-Omni-7B,RLVR,38.4,48.3,27.6,36.5,42.8,14.0,84.9,41.8,78.5,27.6,53.1,32.3
Gemma4-E2B,zero-shot,36.4,46.6,26.2,40.2,54.4,9.3,80.0,41.9,89.0,26.2,57.6,85.8
Gemma4-E2B,SFT-1K,35.7,45.7,25.7,39.8,54.0,9.2,79.8,41.5,88.8,25.7,57.3,85.4
Gemma4-E2B,SFT-10K,36.9,48.3,25.5,39.7,54.1,9.3,80.1,42.1,88.5,25.5,57.0,83.5
Gemma4-E2B,RLVR,42.4,47.8,37.0,46.8,51.3,8.6,80.0,44.9,80.6,37.0,58.8,80.1
Gemma4-E4B,zero-shot,52.6,65.3,39.9,50.1,58.6,15.1,84.5,52.4,77.8,39.9,58.9,53.6
Gemma4-E4B,SFT-1K,51.6,65.3,37.9,49.4,58.9,16.1,84.9,52.1,80.3,37.9,59.1,47.7
Gemma4-E4B,SFT-10K,53.7,66.2,41.2,51.3,58.7,14.9,84.3,53.0,78.5,41.2,59.9,59.3
Gemma4-E4B,RLVR,62.0,68.8,55.2,60.4,58.6,14.1,84.3,57.7,74.7,55.2,65.0,57.8
""",
)
"""Every score of every model over all items."""

RELEASE_V2_2 = _table(
    "Omni-Persona release v2.2, main table",
    """\
model,regime,ans_guarded,cal_count_weighted,one_minus_fa,ta
Qwen2.5-Omni-3B,zero-shot,34.0,36.7,74.9,39.6
Qwen2.5-Omni-3B,RLVR,40.9,34.1,84.7,26.7
Qwen2.5-Omni-7B,zero-shot,38.6,30.9,82.1,22.6
Qwen2.5-Omni-7B,RLVR,47.8,28.4,98.0,7.2
""",
)
"""Four models by the release's own protocol: guarded Ans, count-weighted Cal."""

RELEASED = {
    ("I2I", "none"): 115,
    ("I2I", "absent_persona"): 62,
    ("I2I", "absent_attribute"): 54,
    ("A2A", "none"): 110,
    ("A2A", "absent_persona"): 88,
    ("A2A", "absent_attribute"): 49,
    ("T2T", "none"): 83,
    ("T2T", "absent_attribute"): 41,
    ("T2Any", "none"): 83,
    ("T2Any", "absent_attribute"): 65,
}
"""Group and absence -> items of the v2.2 test set, on which all these rows were measured."""


def counts_as_released(items: Iterable[tuple[str, str]]) -> bool:
    """Whether there are as many items of each group and each kind of absence as in the v2.2 test set.

    Args:
        items: Group and absence of each.
    """
    return Counter(items) == Counter(RELEASED)
