"""What no message may hold, whatever the input: the inside of Python, or of a library."""

from __future__ import annotations

import re

_LIBRARIES = (
    "PIL|soundfile|pyarrow|json|numpy|pandas|torch|transformers|yaml|pydantic(_core)?|datasets|httpx|httpcore|openai"
    "|rich|typer|click|jinja2|peft|safetensors|tokenizers|huggingface_hub|soxr|tenacity|builtins|omni_persona_[a-z]+"
)
INSIDE = re.compile(
    r"\b0x[0-9a-fA-F]{4}|<[\w.]+ object|<_io\.|<class |\[Errno|Traceback"
    rf"|(?<![-/\w.])({_LIBRARIES})\.(?!jsonl?\b|csv\b|py\b|org\b)[A-Za-z_]\w+"
    r"|\b[A-Z]\w*(Error|Exception|Invalid|Warning)\b"
    r"|\bdtype\b|(?<!\w)b['\"]|\bbytearray\(|\bNoneType\b"
)
"""An address in memory, a class, a Python literal, or an error number of the system."""


def assert_plain(text: str, *places: object) -> None:
    """Assert that a message holds nothing of the inside and, if any are given, one of these places."""
    for line in text.splitlines():
        found = INSIDE.search(line)
        assert not found, f"{found[0]!r} in {line}"
    assert not places or any(str(place) in text for place in places), f"none of {places} in {text}"
