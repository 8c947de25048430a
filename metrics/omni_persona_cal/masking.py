"""Keep secrets out of what is shown or kept: the one mask for addresses, headers, texts of servers and tracebacks."""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

HIDDEN = "***"
"""What stands in the place of a secret."""

LONGEST_MESSAGE = 300
"""Characters of a server's message that are kept."""

_SHORTEST_KEY = 6
"""Shorter keys are placeholders, such as `none` for a server that wants no key: words that an answer may hold."""
_SHORTEST_PASSWORD = 4
_SECRET_NAME = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD)(_|$)")
"""Names of environment variables that hold secrets."""

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
"""What a secret looks like where its value is not known, and what takes its place."""


@dataclass(frozen=True)
class Mask:
    """Hides known secrets, those of one endpoint or of the environment."""

    secrets: tuple[str, ...]
    """The longest first, so that none is left over as a part of another."""

    @classmethod
    def of_endpoint(cls, url: str, key: str | None = None) -> Mask:
        """Hides the key, the password and the query of an address, in each way in which a server may echo them."""
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
        """Hides the values of all environment variables whose names say that they hold a secret."""
        values = (value for name, value in os.environ.items() if _SECRET_NAME.search(name.upper()))
        return cls(_variants({value for value in values if len(value) >= _SHORTEST_KEY}))

    def text(self, text: str) -> str:
        """`text` without the known secrets: for what a model wrote, which keeps all its other words."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def message(self, text: str, longest: int = LONGEST_MESSAGE) -> str:
        """`text` in one short line, without secrets, control characters and what looks like a secret."""
        # The front alone is searched: a hostile text may be long, and a secret may reach over the cut.
        text = self.everything(text[: 20 * longest])
        printable = "".join(character if character.isprintable() else " " for character in text)
        return " ".join(printable.split())[:longest]

    def everything(self, text: str) -> str:
        """`text` without the known secrets and what looks like one; its lines stay."""
        text = self.text(text)
        for pattern, hidden in _LOOKS_SECRET:
            text = pattern.sub(hidden, text)
        return text


def _variants(secrets: set[str]) -> tuple[str, ...]:
    """Each secret as it is, and as URLs and JSON write it."""
    written = {form for one in secrets for form in (one, quote(one, safe=""), unquote(one), json.dumps(one)[1:-1])}
    return tuple(sorted(written, key=lambda one: (-len(one), one)))


def _basic(user: str, password: str) -> str:
    """What the header of basic authentication holds."""
    return base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
