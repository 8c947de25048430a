"""Separate a model's thoughts from its answer.

Models that reason first put their thoughts between marks of their own. Read are

- tags: <think>, <thinking>, <thought>, <reasoning>, <reflection>, <scratchpad>, in any case, also as [THINK]
  (Mistral) and as HTML entities;
- pairs of special tokens: <|START_THINKING|> (Cohere), <|begin_of_thought|>, <seed:think>, and the like;
- channels: <|channel>thought ... <channel|> (Gemma 4), and harmony's
  <|channel|>analysis<|message|> ... <|channel|>final<|message|>, the latter also after its special tokens were dropped
  ("analysis...assistantfinal...").

An answer is what stands after the thoughts, without special tokens at its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """A model's text, split into answer and thoughts."""

    answer: str
    thinking: str | None
    """None if the text contains no thoughts."""


_NAMES = r"(?:think|thinking|thoughts?|reasoning|reflection|scratchpad)"
_OPENING = re.compile(
    rf"(?:<|&lt;)\s{{0,3}}(?:[a-z]{{1,12}}:)?{_NAMES}(?:\s[^<>/&]{{0,80}})?(?:>|&gt;)"
    rf"|\[\s{{0,3}}{_NAMES}\s{{0,3}}\]|◁think▷"
    r"|<\|(?:start_thinking|begin_of_thoughts?|start_of_thoughts?|thinking_start)\|>"
    r"|<\|channel>(?:\s{0,3}(?:thought|analysis)\b)?|<unused94>(?:thought\b)?",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    rf"(?:<|&lt;)\s{{0,3}}/\s{{0,3}}(?:[a-z]{{1,12}}:)?{_NAMES}\s{{0,3}}(?:>|&gt;)"
    rf"|\[\s{{0,3}}/\s{{0,3}}{_NAMES}\s{{0,3}}\]|◁/think▷"
    r"|<\|(?:end_thinking|end_of_thoughts?|thinking_end)\|>"
    r"|<channel\|>|<unused95>",
    re.IGNORECASE,
)
_HARMONY_CHANNEL = re.compile(r"<\|channel\|>\s{0,3}(\w{1,20})[^<]{0,80}(?:<\|constrain\|>[^<]{0,80})?<\|message\|>")
_HARMONY_END = re.compile(r"<\|(?:end|return|call|start)\|>")
_HARMONY_DROPPED = re.compile(r"\s*(?:analysis|commentary)(?=\S)")
_HARMONY_FINAL = "assistantfinal"
_END_MARK = re.compile(
    r"(?:<\|[^<>|\s]{1,30}\|>|<｜[^<>｜\s]{1,30}｜>|</s>|<eos>|<pad>|<end_of_turn>|<turn\|>|<\|turn>)\Z"
)
_LONGEST_END_MARK = 40


def is_open(prompt: str) -> bool:
    """Whether a prompt ends amid thoughts, so that what follows goes on with them."""
    channels = list(_HARMONY_CHANNEL.finditer(prompt))
    if channels and channels[-1][1] != "final" and not _HARMONY_END.search(prompt, channels[-1].end()):
        return True
    return _last_end(_OPENING, prompt) > _last_end(_CLOSING, prompt)


def split_thinking(text: str, *, opened: bool = False) -> Reply:
    """Split a model's text into thoughts and answer.

    Args:
        text: What the model wrote, with its special tokens or without.
        opened: Whether the prompt has begun the thoughts for certain. Where it has not, a text without an opening mark
            whose only closing mark ends it is taken for an answer, and one with a closing mark amid it for thoughts
            that the prompt began.

    Raises:
        ValueError: the thoughts have no end, so that there is no answer.

    >>> split_thinking("<think>A uniform, so...</think>A nurse.<|im_end|>")
    Reply(answer='A nurse.', thinking='A uniform, so...')
    """
    channels = list(_HARMONY_CHANNEL.finditer(text))
    if channels:
        return _split_channels(text, channels)
    if _HARMONY_DROPPED.match(text) and _HARMONY_FINAL in text:
        thinking, _, answer = text.rpartition(_HARMONY_FINAL)
        return Reply(answer_of(answer), _HARMONY_DROPPED.sub("", thinking, count=1).strip())
    return _split_tags(text, opened)


def answer_of(text: str) -> str:
    """The answer in a model's text: what follows its thoughts; empty if the thoughts are unfinished.

    >>> answer_of("<think>I cannot determine at once who this is. The uniform...</think> A nurse.")
    'A nurse.'
    >>> answer_of("[THINK]The uniform")
    ''
    """
    try:
        return split_thinking(text).answer
    except ValueError:
        return ""


def _split_tags(text: str, opened: bool) -> Reply:
    closings = list(_CLOSING.finditer(text))
    first_opening = _OPENING.search(text)
    if not closings:
        if opened or first_opening:
            raise ValueError("the thinking has no end")
        return Reply(_trimmed(text), None)
    last = closings[-1]
    if _OPENING.search(text, last.end()):
        raise ValueError("the thinking has no end")
    begun = opened or (first_opening is not None and first_opening.start() < last.start())
    answer = _trimmed(text[last.end() :])
    if answer:
        return Reply(answer, _thoughts(text[: last.start()]))
    # Nothing follows the last closing mark. It may be one too many, behind the answer.
    if not begun and len(closings) == 1:
        return Reply(_trimmed(text[: last.start()]), None)
    between = text[closings[-2].end() : last.start()] if len(closings) > 1 else ""
    if between.strip() and not _OPENING.search(between):
        return Reply(_trimmed(between), _thoughts(text[: closings[-2].start()]))
    before = text[: first_opening.start()] if first_opening and not opened else ""
    return Reply(_split_tags(before, opened=False).answer, _thoughts(text[len(before) : last.start()]))


def _split_channels(text: str, channels: list[re.Match[str]]) -> Reply:
    """Harmony: each message stands in a channel, and the last one in `final` is the answer."""
    # What stands before the first channel goes on with thoughts that the prompt began.
    first_end = _HARMONY_END.search(text, 0, channels[0].start())
    thoughts = [text[: first_end.start()]] if first_end else []
    final: re.Match[str] | None = None
    for channel, following in zip(channels, [*(one.start() for one in channels[1:]), len(text)], strict=True):
        if channel[1] == "final":
            final = channel
        else:
            end = _HARMONY_END.search(text, channel.end(), following)
            thoughts.append(text[channel.end() : end.start() if end else following])
    if final is None:
        raise ValueError("the thinking has no end")
    end = _HARMONY_END.search(text, final.end())
    answer = text[final.end() : end.start() if end else len(text)]
    kept = [part.strip() for part in thoughts if part.strip()]
    return Reply(_split_tags(answer, opened=False).answer, "\n".join(kept) if kept else None)


def _thoughts(text: str) -> str:
    text = text.strip()
    opening = _OPENING.match(text)
    return text[opening.end() :].strip() if opening else text


def _trimmed(answer: str) -> str:
    """`answer` without white space around it and special tokens at its end."""
    answer = answer.strip()
    while mark := _END_MARK.search(answer, max(0, len(answer) - _LONGEST_END_MARK)):
        answer = answer[: mark.start()].rstrip()
    return answer


def _last_end(mark: re.Pattern[str], text: str) -> int:
    end = -1
    for found in mark.finditer(text):
        end = found.end()
    return end
