"""Read the output of OpenAI's batch API: lines of `custom_id`, `response` and `error`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omni_persona_artifacts.chat import answer_of
from omni_persona_cal.chat_reply import MalformedReplyError, ServerError, read_reply, server_error


def is_batch_line(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a line of batch output."""
    return "custom_id" in record and "augmented_id" not in record and ("response" in record or "error" in record)


def plain_line(record: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a batch line to a prediction line; a failed request becomes a failed item."""
    plain = {"augmented_id": record.get("custom_id"), "prediction": None, "status": "failed"}
    response = record.get("response")
    try:
        if record.get("error") or not isinstance(response, dict):
            raise server_error(record, None)
        status = response.get("status_code")
        if isinstance(status, int) and status >= 400:
            raise server_error(response.get("body"), status)
        reply = read_reply(response.get("body"))
        answer = answer_of(reply)
    except (ServerError, MalformedReplyError, ValueError) as error:
        return {**plain, "error": str(error)}
    return {
        **plain,
        "prediction": answer.text,
        "status": "ok",
        "thinking": answer.thinking,
        "input_tokens": reply.input_tokens,
        "output_tokens": reply.output_tokens,
        "finish": "length" if reply.cut else "stop" if reply.ended else None,
    }
