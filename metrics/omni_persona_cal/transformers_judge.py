"""A judge that is a local causal language model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .judge import Judgement, Question
from .judge_cache import JudgeCache
from .judge_prompt import question
from .judge_reply import read_judge_reply
from .likelihood import read_margin
from .read_out import ReadOut, tokenized
from .scores import UNJUDGED


class TransformersJudge:
    """Asks a transformers checkpoint through its chat template, in batches.

    As a default the verdict is read out in one forward pass: it is the one of the two words that the model would
    rather go on with, and the difference of their log-likelihoods is its `margin`. With `reason` the model writes a
    reason and then the verdict, greedily; a reply that cannot be read is asked for once more, and is UNJUDGED after
    that.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        cache_dir: str | Path | None = None,
        batch_size: int = 16,
        reason: bool = False,
        max_new_tokens: int = 256,
        device: str | None = None,
        dtype: str = "auto",
        on_judged: Callable[[], None] = lambda: None,
    ) -> None:
        """Configure the judge; the model is loaded when the first pair needs it.

        Args:
            model: A folder, or a name on the Hub.
            cache_dir: As for `openai_judge.OpenAIJudge`.
            batch_size: Questions per forward pass.
            reason: Generate a reason and the verdict, in place of reading the verdict out.
            max_new_tokens: Of a generated reply.
            device: Such as `cuda:0`; an accelerator where there is one, without.
            dtype: Of the weights; as stored, without.
            on_judged: Called after each pair, for a progress bar.
        """
        if not str(model):
            raise ValueError("expected a model folder or a name on the Hub for the judge, got an empty one")
        self.name = f"transformers:{model}"
        self._model_name = str(model)
        self._batch_size = batch_size
        self._reason = reason
        self._max_new_tokens = max_new_tokens
        self._device = device
        self._dtype = dtype
        self._on_judged = on_judged
        self._loaded: tuple[Any, Any] | None = None
        self._read_out: ReadOut | None = None
        identity = f"{self.name} max_new_tokens={max_new_tokens}" if reason else f"{self.name} by likelihood"
        self._cache = None if cache_dir is None else JudgeCache(cache_dir, identity)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """Return one judgement for each pair (gold answer, prediction), as `judge_questions` does."""
        return self.judge_questions([Question(*pair) for pair in pairs])

    def judge_questions(self, questions: Sequence[Question]) -> list[Judgement]:
        """Return one judgement for each question; equal questions are asked once.

        Raises:
            ValueError: the checkpoint has no chat template, or its tokenizer begins both verdicts alike.
            OSError: there is no such checkpoint.
        """
        said: dict[Question, Judgement] = {}
        unknown: list[Question] = []
        for one in dict.fromkeys(questions):
            found = self._cache.get(*one.parts) if self._cache else None
            if found is None:
                unknown.append(one)
            else:
                margin = self._cache.margin(*one.parts) if self._cache else None
                said[one] = Judgement(*found, margin=margin, kept=True)
                self._on_judged()
        for one, judgement in self._judged(unknown) if unknown else ():
            said[one] = judgement
            self._on_judged()
        return [said[one] for one in questions]

    def _judged(self, pairs: Sequence[Question]) -> Iterator[tuple[Question, Judgement]]:
        """Judge pairs in batches, the longest first: a lack of memory shows at once."""
        tokenizer, model = self._load()
        rows = tokenized(tokenizer, [question(*one.parts, at_once=not self._reason) for one in pairs])
        longest = getattr(model.config.get_text_config(), "max_position_embeddings", None) or math.inf
        new = self._max_new_tokens if self._reason else 0
        fitting = []
        for pair, row in sorted(zip(pairs, rows, strict=True), key=lambda one: -len(one[1])):
            if len(row) + new > longest:
                reason = f"the question takes {len(row):,} tokens, and {self._model_name} {longest - new:,} at most"
                yield pair, Judgement(UNJUDGED, reason, reason=reason)
            else:
                fitting.append((pair, row))
        if fitting and not self._reason:
            self._reader().share([row for _, row in fitting])
        for start in range(0, len(fitting), self._batch_size):
            batch = [pair for pair, _ in fitting[start : start + self._batch_size]]
            tokens = [row for _, row in fitting[start : start + self._batch_size]]
            judgements = self._judge_by_words(batch) if self._reason else self._judge_by_likelihood(batch, tokens)
            yield from zip(batch, judgements, strict=True)

    def _judge_by_words(self, pairs: Sequence[Question]) -> list[Judgement]:
        replies = [[reply] for reply in self._generate([question(*one.parts) for one in pairs])]
        again = [index for index, reply in enumerate(replies) if read_judge_reply(reply[0]).verdict == UNJUDGED]
        if again:
            repaired = self._generate([question(*pairs[index].parts, repair=True) for index in again])
            for index, second in zip(again, repaired, strict=True):
                replies[index].append(second)
        readings = [read_judge_reply(reply[-1]) for reply in replies]
        if self._cache:
            for one, reply, reading in zip(pairs, replies, readings, strict=True):
                self._cache.put(one.gold, one.prediction, reply, reading.verdict, other_answers=one.other_answers)
        return [
            Judgement(reading.verdict, reply[-1], reason=reading.reason)
            for reading, reply in zip(readings, replies, strict=True)
        ]

    def _judge_by_likelihood(self, pairs: Sequence[Question], rows: Sequence[Sequence[int]]) -> list[Judgement]:
        margins = self._reader().margins(rows)
        judgements = []
        for one, margin in zip(pairs, margins, strict=True):
            verdict, raw = read_margin(margin)
            if self._cache:
                self._cache.put(one.gold, one.prediction, [raw], verdict, margin, other_answers=one.other_answers)
            judgements.append(Judgement(verdict, raw, reason=raw if verdict == UNJUDGED else None, margin=margin))
        return judgements

    def _reader(self) -> ReadOut:
        if self._read_out is None:
            self._read_out = ReadOut(self._model_name, *self._load())
        return self._read_out

    def _inputs(self, questions: Sequence[str]) -> Any:
        tokenizer, model = self._load()
        return tokenizer.apply_chat_template(
            [[{"role": "user", "content": text}] for text in questions],
            add_generation_prompt=True,
            padding=True,
            return_dict=True,
            return_tensors="pt",
        ).to(model.device)

    def _generate(self, questions: Sequence[str]) -> list[str]:
        """A reply to each question, all of them in one batch."""
        import torch

        tokenizer, model = self._load()
        inputs = self._inputs(questions)
        with torch.inference_mode():
            output = model.generate(
                **inputs,
                max_new_tokens=self._max_new_tokens,
                do_sample=False,
                pad_token_id=tokenizer.pad_token_id,
            )
        replies = tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return [str(reply) for reply in replies]

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer

            # Left: a decoder goes on from the last token, which must not be padding.
            tokenizer = AutoTokenizer.from_pretrained(self._model_name, padding_side="left")
            if tokenizer.chat_template is None:
                raise ValueError(f"{self._model_name} has no chat template: expected a model tuned to follow a prompt")
            if tokenizer.pad_token_id is None:
                tokenizer.pad_token = tokenizer.eos_token
            device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
            model = AutoModelForCausalLM.from_pretrained(self._model_name, dtype=self._dtype)
            model.to(device)
            model.eval()
            # A checkpoint's own sampling settings would only cause warnings with do_sample=False.
            model.generation_config.temperature = None
            model.generation_config.top_p = None
            model.generation_config.top_k = None
            self._loaded = tokenizer, model
        return self._loaded
