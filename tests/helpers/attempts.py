"""The attempts of a client of chat completions, each with its own time limit, whatever the pace of this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from omni_persona_cal.chat import ChatClient


class Attempts:
    """Counts attempts, and gives each the limit that a test asks for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: Callable[[int, str], float | None]) -> None:
        """seconds: called with the number of earlier attempts and the messages; None keeps the client's own limit."""
        self.count = 0
        attempt = ChatClient._attempt

        async def limited(client: ChatClient, form: Any, messages: Any, settings: Any, limit: Any = None) -> Any:
            chosen = seconds(self.count, str(messages))
            self.count += 1
            return await attempt(client, form, messages, settings, limit if chosen is None else chosen)

        monkeypatch.setattr(ChatClient, "_attempt", limited)
