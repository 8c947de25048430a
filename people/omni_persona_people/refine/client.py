"""Client for a chat model behind an OpenAI-compatible endpoint that returns JSON objects.

`omni_persona_artifacts.chat` decides what is retried and what ends the work: an endpoint that cannot be used at all
raises `PoolError`; a failure of a single question raises `NoReplyError` or `RefusalError`.
"""

from __future__ import annotations

from typing import Any

from omni_persona_artifacts import chat
from omni_persona_artifacts.chat import API_KEY_ENV, ChatReply, Messages, NoReplyError, RequestForm
from omni_persona_people.errors import PoolError

__all__ = ["API_KEY_ENV", "ChatClient", "Messages", "NoReplyError", "RefusalError"]

_LONGEST_REPLY = 100_000
"""Maximum number of characters of a reply that are read."""


class RefusalError(Exception):
    """A reply that is empty or a refusal; the message says so in one line."""


class ChatClient:
    """Sends messages and returns the model's text."""

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key_env: str = API_KEY_ENV,
        form: RequestForm | None = None,
        timeout: float = 300.0,
        attempts: int = 6,
        first_wait: float = 1.0,
        give_up_after: int = 8,
        max_tokens: int = 8192,
    ) -> None:
        """Configure the client; nothing is sent yet.

        url: the base URL, such as `http://localhost:8000/v1`. api_key_env: the environment variable that holds the key,
        which is never written anywhere; if unset, a placeholder key is sent. form: the initial request format. timeout:
        seconds per request. attempts: maximum number of attempts per request. first_wait: seconds before the second
        attempt, doubled before each further one. give_up_after: number of consecutive questions without a reply that
        ends the work, unless the server answers other requests. Raises `PoolError` for an invalid URL or an empty model
        name.
        """
        try:
            self._chat = chat.ChatClient(
                url,
                model,
                api_key_env=api_key_env,
                form=form,
                timeout=timeout,
                attempts=attempts,
                first_wait=first_wait,
                give_up_after=give_up_after,
            )
        except ValueError as error:
            raise PoolError(str(error)) from None
        if not model or any(character.isspace() or character == "`" for character in model) or len(model) > 200:
            raise PoolError(f"expected the name of a model, without spaces, got {model[:200]!r}")
        self.model = model
        self._settings: dict[str, Any] = {"temperature": 0.0, "max_tokens": max_tokens}

    async def __aenter__(self) -> ChatClient:
        """Open the connections."""
        await self._chat.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close them."""
        await self._chat.__aexit__(*error)

    def resume(self, n_answered: int) -> None:
        """Tell the client how many questions the model has answered in earlier runs, so that a refused request counts
        as a failure of that question only.
        """
        self._chat.has_answered |= n_answered > 0

    async def reply(self, messages: Messages, schema: dict[str, Any]) -> str:
        """Return the model's text. schema: of the wanted JSON object, sent if the server accepts one.

        Raises `NoReplyError`, `RefusalError`, or `PoolError` if further requests would be pointless.
        """
        wanted = {"name": "reply", "schema": schema, "strict": True}
        shape = {"response_format": {"type": "json_schema", "json_schema": wanted}}
        try:
            reply = await self._chat.ask(messages, {**self._settings, **shape})
        except chat.EndpointError as error:
            raise PoolError(str(error)) from None
        return self._text(reply)

    def _text(self, reply: ChatReply) -> str:
        """The text of a reply without its reasoning. Raises `RefusalError` for a refusal or an empty reply."""
        mask = self._chat.mask
        try:
            text = chat.answer_of(reply, max_tokens=self._settings["max_tokens"]).text
        except ValueError as error:
            raise RefusalError(mask.message(str(error))) from None
        if len(text) > _LONGEST_REPLY:
            raise RefusalError(f"a reply of {len(text)} characters")
        # A reply may contain an unpaired surrogate, which cannot be sent back to the model.
        return mask.text(text.encode("utf-8", "replace").decode())
