"""Remove secrets from what is shown or stored: used for URLs, headers, server messages and tracebacks."""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

HIDDEN = "***"
"""Replacement for a secret."""

LONGEST_MESSAGE = 300
"""Maximum characters kept of a server's message."""

_SHORTEST_KEY = 6
"""Shorter keys are placeholders, such as `none` for a server without keys: words that an answer may contain."""
_SHORTEST_PASSWORD = 4
_SECRET_NAME = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD)(_|$)")
"""Names of environment variables that contain secrets."""

_LOOKS_SECRET = (
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/?#\"'<>]*@", re.IGNORECASE), rf"\1{HIDDEN}@"),
    (re.compile(r"(\bhttps?://[^\s?#\"'<>]+)\?[^\s\"'<>)\]}]+", re.IGNORECASE), rf"\1?{HIDDEN}"),
    (
        re.compile(
            r"\b((?:proxy-)?authorization|(?:x-)?api[-_]?key|access[-_]?token)"
            r"([\"']?\s*[:=]\s*b?[\"']?)(?:(bearer|basic)\s+)?(?!\*\*\*)[^\s\"',}&]+",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\b(sk-|hf_)[A-Za-z0-9_-]{8,}"), rf"\1{HIDDEN}"),
)
"""Patterns of secrets whose value is not known, and their replacements."""


@dataclass(frozen=True)
class Mask:
    """Hides known secrets of an endpoint or of the environment."""

    secrets: tuple[str, ...]
    """Sorted by length, longest first, so that no secret is masked only in part."""

    @classmethod
    def of_endpoint(cls, url: str, key: str | None = None) -> Mask:
        """A mask for the key, password and query of a URL, in every form in which a server may echo them."""
        found = {key} if key and len(key) >= _SHORTEST_KEY else set()
        try:
            parts = urlsplit(url)
        except ValueError:
            return cls(_variants(found))
        if parts.password and len(parts.password) >= _SHORTEST_PASSWORD:
            found |= {parts.password, _basic(parts.username or "", parts.password)}
        found |= {value for _, value in parse_qsl(parts.query) if len(value) >= _SHORTEST_KEY}
        return cls(_variants(found))

    @classmethod
    def of_environment(cls) -> Mask:
        """A mask for the values of all environment variables whose names indicate a secret."""
        values = (value for name, value in os.environ.items() if _SECRET_NAME.search(name.upper()))
        return cls(_variants({value for value in values if len(value) >= _SHORTEST_KEY}))

    def text(self, text: str) -> str:
        """`text` without the known secrets: for model output, whose other words must not change."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def message(self, text: str, longest: int = LONGEST_MESSAGE) -> str:
        """`text` on one short line, without secrets, control characters and anything that looks like a secret."""
        # Only the beginning is searched: untrusted text may be long, and a secret may extend over the cut.
        text = self.everything(text[: 20 * longest])
        printable = "".join(character if character.isprintable() else " " for character in text)
        return " ".join(printable.split())[:longest]

    def everything(self, text: str) -> str:
        """`text` without known secrets and anything that looks like one; line breaks are kept."""
        text = self.text(text)
        for pattern, hidden in _LOOKS_SECRET:
            text = pattern.sub(hidden, text)
        return text


def _variants(secrets: set[str]) -> tuple[str, ...]:
    """Each secret as it is, and as encoded in URLs and JSON."""
    written = {form for one in secrets for form in (one, quote(one, safe=""), unquote(one), json.dumps(one)[1:-1])}
    return tuple(sorted(written, key=lambda one: (-len(one), one)))


def _basic(user: str, password: str) -> str:
    """The credentials of a basic authentication header."""
    return base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
