"""A chat model behind an OpenAI-compatible endpoint, asked for JSON objects.

What is tried again and what ends the work is `omni_persona_artifacts.chat`'s to say: an endpoint that cannot be used at
all is a `PoolError`, what concerns one question is a `NoReplyError` or a `RefusalError`.
"""

from __future__ import annotations

from typing import Any

from omni_persona_artifacts import chat
from omni_persona_artifacts.chat import API_KEY_ENV, ChatReply, Messages, NoReplyError, RequestForm
from omni_persona_people.errors import PoolError

__all__ = ["API_KEY_ENV", "ChatClient", "Messages", "NoReplyError", "RefusalError"]

_LONGEST_REPLY = 100_000
"""Characters that are looked at."""


class RefusalError(Exception):
    """A reply in which the model says nothing, or that it will not; says so in one line."""


class ChatClient:
    """Sends messages and hands over the model's text."""

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
        """Say where the model is; nothing is sent yet.

        url: the base, such as `http://localhost:8000/v1`. api_key_env: the environment variable that holds the key,
        which is written nowhere; an unset one sends no key worth the name. form: how requests are written at first.
        timeout: seconds a request may take. attempts: how often a request is sent at most. first_wait: seconds before
        the second attempt, doubled before each further one. give_up_after: questions in a row without a reply that end
        the work, unless the server answers something else.
        Raises `PoolError` for an address that is no URL, or no model name.
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

    def goes_on(self, n_answered: int) -> None:
        """Say that the model has answered that many questions before: what it refuses now is one question's."""
        self._chat.has_answered |= n_answered > 0

    async def reply(self, messages: Messages, schema: dict[str, Any]) -> str:
        """What the model writes. schema: of the JSON object that is wanted, sent where the server takes one.

        Raises `NoReplyError`, `RefusalError`, or `PoolError` where asking on makes no sense.
        """
        wanted = {"name": "reply", "schema": schema, "strict": True}
        shape = {"response_format": {"type": "json_schema", "json_schema": wanted}}
        try:
            reply = await self._chat.ask(messages, {**self._settings, **shape})
        except chat.EndpointError as error:
            raise PoolError(str(error)) from None
        return self._text(reply)

    def _text(self, reply: ChatReply) -> str:
        """The text of a reply, without its thinking. Raises `RefusalError` where the model refuses or says nothing."""
        mask = self._chat.mask
        try:
            text = chat.answer_of(reply, max_tokens=self._settings["max_tokens"]).text
        except ValueError as error:
            raise RefusalError(mask.message(str(error))) from None
        if len(text) > _LONGEST_REPLY:
            raise RefusalError(f"a reply of {len(text)} characters")
        # A model may write half of a character pair, which nothing can send back to it.
        return mask.text(text.encode("utf-8", "replace").decode())
