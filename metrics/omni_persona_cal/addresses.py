"""URLs of OpenAI-compatible servers."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from .masking import HIDDEN


def shown_url(url: str) -> str:
    """A URL without user, password, query and fragment, any of which may contain a secret.

    >>> shown_url("https://me:word@host:8000/v1/?api_key=1")
    'https://host:8000/v1'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    host, path = parts.netloc.rpartition("@")[2], parts.path.rstrip("/")
    if "@" in path and not _is_host(host):
        # A slash in a password ends the host part, so the rest of the password is in the path.
        host, _, path = path.rpartition("@")[2].partition("/")
        path = f"/{path}" if path else ""
    return urlunsplit((parts.scheme, host, path, "", ""))


def _is_host(text: str) -> bool:
    """Whether a host part has a numeric port, or none."""
    return re.fullmatch(r"(\[[^\]]*\]|[^:]*)(:\d*)?", text) is not None


def is_address(url: str) -> bool:
    """Whether a text is a URL that requests can be sent to."""
    try:
        parts = urlsplit(url)
        # Accessing an invalid port raises.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def completions_url(url: str) -> str:
    """The URL for requests: the base with `/chat/completions`, keeping its query."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    path = path if path.endswith("/chat/completions") else f"{path}/chat/completions"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
