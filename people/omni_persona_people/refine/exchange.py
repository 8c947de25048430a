"""One question to the model: ask, parse a JSON object, keep the valid parts, and ask once more for the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from omni_persona_artifacts.json_files import json_type
from omni_persona_people.errors import PoolError
from omni_persona_people.refine.cache import ReplyCache
from omni_persona_people.refine.client import ChatClient, NoReplyError, RefusalError
from omni_persona_people.refine.prompts import SYSTEM, repair

WHOLE = "the reply"
"""Key of a flaw that concerns no single field."""

Flaws = dict[str, str]
"""Field, or `WHOLE` -> what is wrong with it."""

_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)\n\s*```", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Asker:
    """A model and its cached replies."""

    client: ChatClient
    cache: ReplyCache

    async def exchange(
        self, prompt: str, schema: dict[str, Any], accept: Callable[[dict[str, Any]], Awaitable[Flaws]]
    ) -> Flaws:
        """Ask; if something is wrong with the reply, name it and ask once more. Returns the remaining flaws.

        accept: keeps the valid parts of a reply and returns the flaws of the others. Raises `PoolError` if further
        requests would be pointless.
        """
        asked = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
        messages, flaws = asked, Flaws()
        for _ in range(2):
            text = self.cache.get(messages)
            known = text is not None
            try:
                if text is None:
                    text = await self.client.reply(messages, schema)
                reply = read_object(text)
            except PoolError:
                raise  # also a ValueError, but not about this reply
            except NoReplyError as error:
                return {WHOLE: str(error)}
            except (RefusalError, ValueError) as error:
                flaws = {WHOLE: str(error)}
            else:
                # Only a reply that can be parsed is cached; another one is requested again by the next run.
                if not known:
                    self.cache.put(messages, text)
                flaws = await accept(reply)
                if not flaws:
                    return {}
            # User and assistant turns must alternate for some models.
            messages = [
                *asked,
                {"role": "assistant", "content": text or "{}"},
                {"role": "user", "content": repair(flaws)},
            ]
        return flaws


def read_object(text: str) -> dict[str, Any]:
    """The JSON object in a reply, alone or between ``` marks. Raises `ValueError` that says what else it is."""
    fenced = _FENCED.search(text)
    for candidate in (text, fenced[1] if fenced else None):
        if candidate is None:
            continue
        try:
            found = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if not isinstance(found, dict):
            raise ValueError(f"expected a JSON object, got {json_type(found)}")
        return found
    raise ValueError(f"not JSON: {' '.join(text.split())[:80]!r}")


def closed_object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
