"""What is heard of a clip, compared with what was recorded."""

from recordings import (
    speech_like,
)

RECORDED = speech_like(1.5)


PLACEHOLDERS = (0, 1 << 30, 2_000_000_000, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Sizes that programs write when they do not know yet how much will follow."""
