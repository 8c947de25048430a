"""The addresses of OpenAI-compatible servers."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from .masking import HIDDEN


def shown_url(url: str) -> str:
    """An address without user, password, query and fragment, any of which may hold a secret.

    >>> shown_url("https://me:word@host:8000/v1/?api_key=1")
    'https://host:8000/v1'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    host, path = parts.netloc.rpartition("@")[2], parts.path.rstrip("/")
    if "@" in path and not _is_host(host):
        # A slash in a password ends what counts as the host: the rest of it stands in the path.
        host, _, path = path.rpartition("@")[2].partition("/")
        path = f"/{path}" if path else ""
    return urlunsplit((parts.scheme, host, path, "", ""))


def _is_host(text: str) -> bool:
    """Whether what stands for a host has a port that is a number, or none."""
    return re.fullmatch(r"(\[[^\]]*\]|[^:]*)(:\d*)?", text) is not None


def is_address(url: str) -> bool:
    """Whether requests can be sent there."""
    try:
        parts = urlsplit(url)
        # Reading the port raises where it is none.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def completions_url(url: str) -> str:
    """Where requests go: the base with `/chat/completions`, its query kept."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    path = path if path.endswith("/chat/completions") else f"{path}/chat/completions"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
