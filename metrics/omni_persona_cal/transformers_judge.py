"""A judge that is a local causal language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .judge_cache import JudgeCache
from .judge_prompt import question, read_verdict
from .judges import Judgement
from .scores import UNJUDGED

_PAIR = tuple[str, str]


class TransformersJudge:
    """Asks a transformers checkpoint through its chat template, greedily, a batch at a time.

    A reply that cannot be read is asked for once more, and is UNJUDGED after that.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        cache_dir: str | Path | None = None,
        batch_size: int = 16,
        max_new_tokens: int = 256,
        device: str | None = None,
        dtype: str = "auto",
        on_judged: Callable[[], None] = lambda: None,
    ) -> None:
        """Set the judge up; the model is loaded when the first pair needs it.

        Args:
            model: A folder, or a name on the Hub.
            cache_dir: As for `openai_judge.OpenAIJudge`.
            batch_size: Questions per forward pass.
            max_new_tokens: Of a reply.
            device: Such as `cuda:0`; an accelerator where there is one, without.
            dtype: Of the weights; as stored, without.
            on_judged: Called after each pair, for a progress bar.
        """
        if not str(model):
            raise ValueError("expected a model folder or a name on the Hub for the judge, got an empty one")
        self.name = f"transformers:{model}"
        self._model_name = str(model)
        self._batch_size = batch_size
        self._max_new_tokens = max_new_tokens
        self._device = device
        self._dtype = dtype
        self._on_judged = on_judged
        self._loaded: tuple[Any, Any] | None = None
        identity = f"{self.name} max_new_tokens={max_new_tokens}"
        self._cache = None if cache_dir is None else JudgeCache(cache_dir, identity)

    def judge(self, pairs: Sequence[_PAIR]) -> list[Judgement]:
        """One judgement for each pair (gold answer, prediction); equal pairs are asked once.

        Raises:
            ValueError: the checkpoint has no chat template.
            OSError: there is no such checkpoint.
        """
        said: dict[_PAIR, Judgement] = {}
        unknown: list[_PAIR] = []
        for pair in dict.fromkeys(pairs):
            found = self._cache.get(*pair) if self._cache else None
            if found is None:
                unknown.append(pair)
            else:
                said[pair] = Judgement(*found)
                self._on_judged()
        # Longest first: a batch is padded to its longest, and what does not fit into memory shows at once.
        unknown.sort(key=lambda pair: -len(pair[0]) - len(pair[1]))
        for start in range(0, len(unknown), self._batch_size):
            batch = unknown[start : start + self._batch_size]
            for pair, judgement in zip(batch, self._judge_batch(batch), strict=True):
                said[pair] = judgement
                self._on_judged()
        return [said[pair] for pair in pairs]

    def _judge_batch(self, pairs: Sequence[_PAIR]) -> list[Judgement]:
        replies = [[reply] for reply in self._generate([question(*pair) for pair in pairs])]
        again = [index for index, reply in enumerate(replies) if read_verdict(reply[0]) == UNJUDGED]
        if again:
            repaired = self._generate([question(*pairs[index], repair=True) for index in again])
            for index, second in zip(again, repaired, strict=True):
                replies[index].append(second)
        verdicts = [read_verdict(reply[-1]) for reply in replies]
        if self._cache:
            for pair, reply, verdict in zip(pairs, replies, verdicts, strict=True):
                self._cache.put(*pair, reply, verdict)
        return [Judgement(verdict, reply[-1]) for verdict, reply in zip(verdicts, replies, strict=True)]

    def _generate(self, questions: Sequence[str]) -> list[str]:
        """A reply to each question, all of them in one batch."""
        import torch

        tokenizer, model = self._load()
        inputs = tokenizer.apply_chat_template(
            [[{"role": "user", "content": text}] for text in questions],
            add_generation_prompt=True,
            padding=True,
            return_dict=True,
            return_tensors="pt",
        ).to(model.device)
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
            # A checkpoint's own sampling settings would only earn warnings beside do_sample=False.
            model.generation_config.temperature = None
            model.generation_config.top_p = None
            model.generation_config.top_k = None
            self._loaded = tokenizer, model
        return self._loaded
