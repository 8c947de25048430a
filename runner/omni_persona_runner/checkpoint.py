"""A checkpoint, from a folder or the Hub: what it is, what it takes, and its parts, loaded."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from omni_persona_runner import chat_template
from omni_persona_runner.adapter import Adapter, attach, require_base
from omni_persona_runner.chats import Limits
from omni_persona_runner.devices import use
from omni_persona_runner.families import FAMILIES, Family
from omni_persona_runner.model import LoadError
from omni_persona_runner.sampling import Sampling

_TOKENS = ("bos_token_id", "pad_token_id", "decoder_start_token_id")
"""Generation settings that are a checkpoint's to say; those that steer what it says are ours, the same for all."""

_ADAPTER = "omni_persona"

_FAMILY_PACKAGES = ("peft", "timm")
"""What our extra `families` brings; transformers says in many ways that one is not there."""


class Checkpoint:
    """The configuration and the processor of a checkpoint, and what is read from it when it is asked for."""

    def __init__(
        self,
        path_or_id: str | Path,
        revision: str | None = None,
        trust_remote_code: bool = False,
        adapter: Adapter | None = None,
    ) -> None:
        """Read the configuration and the processor; see `TransformersModel` for the arguments and what is raised."""
        if revision is not None and Path(path_or_id).is_dir():
            raise ValueError(f"{path_or_id} is a folder: a revision is of a checkpoint on the Hub")
        self.name = str(path_or_id)
        if self.name.startswith((".", "/", "~")) and not Path(self.name).is_dir():
            raise LoadError(f"there is no folder {self.name}: expected a checkpoint's folder or its id on the Hub")
        self.revision = revision
        """On the Hub, the commit that all parts are read from, so that none is of a later one; None for a folder."""
        self._trust = trust_remote_code
        self.config = self._load_config()
        self.family = FAMILIES.get(self.config.model_type, Family())
        self.processor = self._load_processor()
        self._adapter = adapter
        if adapter is not None:
            require_base(adapter, self.name, self.describe()["weights_mark"])

    def _load_config(self) -> Any:
        from transformers import AutoConfig

        with self._loading("configuration"):
            config = AutoConfig.from_pretrained(self.name, revision=self.revision, trust_remote_code=self._trust)
            self.revision = _commit(self.name, self.revision)
        return config

    def _load_processor(self) -> Any:
        from transformers import AutoProcessor

        with self._loading("processor"):
            processor = AutoProcessor.from_pretrained(self.name, revision=self.revision, trust_remote_code=self._trust)
        # Where there is no processor, AutoProcessor hands out a lone tokenizer or image processor.
        if not hasattr(processor, "tokenizer"):
            raise LoadError(f"model {self.name} has no processor, only a {type(processor).__name__}")
        processor.chat_template = chat_template.of(processor, self.name, self.family.writes_parts)
        return processor

    def limits(self, max_pixels: int | None) -> Limits:
        """What the model takes; max_pixels: None for the family's own limit."""
        # A family may share its processor while some of its sizes are deaf: their configuration says so.
        config = getattr(self.config, "thinker_config", self.config)
        sees = hasattr(self.processor, "image_processor") and not _says_none(config, "vision_config")
        hears = self._extractor is not None and not _says_none(config, "audio_config")
        return Limits(
            sampling_rate=int(self._extractor.sampling_rate) if hears else 16_000,
            clip_seconds=self._clip_seconds() if hears else None,
            pictures=None if sees else 0,
            pixels=max_pixels or self.family.pixels,
            clips=None if hears else 0,
        )

    def _clip_seconds(self) -> float | None:
        """The longest clip: the family's, or for one we do not know, what its extractor keeps of a clip."""
        n_samples = getattr(self._extractor, "n_samples", None)
        if self.config.model_type in FAMILIES or n_samples is None:
            return self.family.clip_seconds
        return float(n_samples / self._extractor.sampling_rate)

    def generation(self, max_new_tokens: int, sampling: Sampling) -> Any:
        """Bounded, with the tokens that the checkpoint begins and ends with and nothing else of its own.

        A penalty, for one, would count the words of the prompt, of which a shared prefix leaves only the rest.
        """
        from transformers import GenerationConfig

        with self._loading("generation settings"):
            try:
                own = GenerationConfig.from_pretrained(self.name, revision=self.revision)
            except OSError:
                own = GenerationConfig.from_model_config(self.config)
        words = self.processor.tokenizer
        tokens = {name: getattr(own, name, None) for name in _TOKENS}
        if tokens["pad_token_id"] is None:
            tokens["pad_token_id"] = words.pad_token_id
        ends = own.eos_token_id if isinstance(own.eos_token_id, list) else [own.eos_token_id]
        # The tokenizer's ends a turn, too: not every checkpoint's settings say so.
        ends = [end for end in dict.fromkeys([*ends, words.eos_token_id]) if end is not None]
        # transformers would draw from the 50 most likely tokens if it were not told otherwise.
        drawn = {} if sampling.is_greedy else {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        return GenerationConfig(
            do_sample=not sampling.is_greedy,
            **drawn,
            num_beams=1,
            use_cache=True,
            max_new_tokens=max_new_tokens,
            eos_token_id=ends or None,
            **tokens,
        )

    def weights(
        self,
        *,
        device: str,
        dtype: str,
        attention: str | None,
        without: Collection[str],
        every_logit: bool = False,
    ) -> Any:
        """The model on its device, with its own adapter for what the prompt shows, and the one put on it.

        without: what the prompt leaves out, such as `image`. every_logit: whether logits of all positions are wanted,
        as in training.
        Raises `LoadError` for weights that are not all there, and for an adapter that does not fit.
        """
        import transformers

        loader = getattr(transformers, self.family.thinker or "AutoModelForMultimodalLM")
        config = self.config.thinker_config if self.family.thinker else self.config
        with self._loading("weights"):
            use(device)
            model, report = loader.from_pretrained(
                self.name,
                revision=self.revision,
                config=config,
                dtype=dtype,
                attn_implementation=attention,
                device_map=device,
                trust_remote_code=self._trust,
                output_loading_info=True,
            )
        # transformers fills what a checkpoint lacks with random numbers.
        if report["missing_keys"] or report["mismatched_keys"]:
            lacking = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
            raise LoadError(f"model {self.name} lacks {len(lacking)} of its weights, such as {lacking[0]}")
        self._load_adapter(model, without)
        if self._adapter is not None:
            attach(model, self._adapter)
        if not every_logit:
            _keep_last_logits(model)
        return model.eval()

    def _load_adapter(self, model: Any, without: Collection[str]) -> None:
        folder = next((folder for kind, folder in self.family.adapters.items() if kind not in without), None)
        if folder is None:
            return
        with self._loading(f"adapter {folder}"):
            # transformers takes parameters whose name holds the adapter's for parts of it.
            place = {"subfolder": folder, "revision": self.revision}
            report = model.load_adapter(self.name, adapter_name=_ADAPTER, adapter_kwargs=place)
            if report.missing_keys or report.unexpected_keys:
                raise ValueError(f"it does not fit: {sorted(report.missing_keys | report.unexpected_keys)[0]}")
            model.set_adapter(_ADAPTER)

    def describe(self) -> dict[str, Any]:
        """What tells it from others, for the manifest."""
        folder = Path(self.name)
        return {
            "revision": self.revision,
            "weights_mark": _weights_mark(folder) if folder.is_dir() else None,
            "class": self.family.thinker or (self.config.architectures or [None])[0],
            "processor": type(self.processor).__name__,
            **({"adapter": self._adapter.describe()} if self._adapter is not None else {}),
        }

    @contextmanager
    def _loading(self, part: str) -> Iterator[None]:
        """Turn whatever a checkpoint and its code raise into one line that names the checkpoint."""
        try:
            yield
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            if "trust_remote_code" in str(error) and not self._trust:
                reason += " (--trust-remote-code runs it)"
            for package in _FAMILY_PACKAGES:
                if package in str(error).lower() and find_spec(package) is None:
                    reason = f'it needs {package}: python -m pip install "omni-persona[families]"'
            place = "" if Path(self.name).is_dir() else ", which is no folder here"
            raise LoadError(f"cannot load the {part} of model {self.name}{place}: {reason}") from error

    @property
    def _extractor(self) -> Any:
        """What turns samples into features, under the name of its day; None where a processor takes no clips."""
        processor = self.processor
        return getattr(processor, "feature_extractor", None) or getattr(processor, "audio_processor", None)


def _says_none(config: Any, part: str) -> bool:
    """Whether a configuration knows a part and has none."""
    return hasattr(config, part) and getattr(config, part) is None


def _keep_last_logits(model: Any) -> None:
    """Have a model compute the logits of the last position alone, where it cannot be told so.

    A prompt has thousands of positions and a vocabulary 150,000 words: gigabytes that nobody reads.
    """
    if "logits_to_keep" not in inspect.signature(model.forward).parameters:
        model.get_output_embeddings().register_forward_pre_hook(lambda _, hidden: (hidden[0][:, -1:], *hidden[1:]))


def _commit(name: str, revision: str | None) -> str | None:
    """The commit that a revision of a checkpoint on the Hub is now; None for a folder."""
    from huggingface_hub import hf_hub_download

    if Path(name).is_dir():
        return None
    # The cache keeps the files of a commit in a folder named after it.
    return Path(hf_hub_download(name, "config.json", revision=revision)).parent.name


def _weights_mark(folder: Path) -> str:
    """A hash of a local checkpoint's weights: of the size and of the first and last MiB of each file.

    A resumed run must not go on with a later checkpoint in the same folder; reading it all would take
    minutes.
    """
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin")):
        size = file.stat().st_size
        digest.update(f"{file.name} {size} ".encode())
        with file.open("rb") as content:
            digest.update(content.read(2**20))
            content.seek(max(0, size - 2**20))
            digest.update(content.read(2**20))
    return digest.hexdigest()
