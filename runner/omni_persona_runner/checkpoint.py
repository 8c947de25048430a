"""Load a checkpoint from a folder or the Hub: configuration, processor, limits and weights."""

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
from omni_persona_runner.devices import reason_of, use
from omni_persona_runner.families import FAMILIES, Family
from omni_persona_runner.model import LoadError
from omni_persona_runner.sampling import Sampling
from omni_persona_runner.segments import attend_in_segments

_TOKENS = ("bos_token_id", "pad_token_id", "decoder_start_token_id")
"""Generation settings taken from the checkpoint; all others are ours, the same for every model."""

_ADAPTER = "omni_persona"

_FAMILY_PACKAGES = ("peft", "timm")
"""Packages of the extra `families`; transformers reports their absence in many different ways."""


class Checkpoint:
    """The configuration and processor of a checkpoint; everything else is loaded on demand."""

    def __init__(
        self,
        path_or_id: str | Path,
        revision: str | None = None,
        trust_remote_code: bool = False,
        adapter: Adapter | None = None,
    ) -> None:
        """Load the configuration and processor; see `TransformersModel` for the arguments and exceptions."""
        if revision is not None and Path(path_or_id).is_dir():
            raise ValueError(f"{path_or_id} is a folder: a revision is of a checkpoint on the Hub")
        self.name = str(path_or_id)
        if self.name.startswith((".", "/", "~")) and not Path(self.name).is_dir():
            raise LoadError(f"there is no folder {self.name}: expected a checkpoint's folder or its id on the Hub")
        self.revision = revision
        """For a Hub checkpoint, the commit that all parts are read from, so that they match; None for a folder."""
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
        # Without a processor, AutoProcessor returns a bare tokenizer or image processor.
        if not hasattr(processor, "tokenizer"):
            raise LoadError(f"model {self.name} has no processor, only a {type(processor).__name__}")
        processor.chat_template = chat_template.of(processor, self.name, self.family.writes_parts)
        return processor

    def limits(self, max_pixels: int | None) -> Limits:
        """The inputs that the model accepts; max_pixels: None for the family's own limit."""
        # Models of one family may share a processor although some cannot hear; the configuration tells.
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
        """Maximum clip length: the family's, or for an unknown family what its feature extractor keeps of a clip."""
        n_samples = getattr(self._extractor, "n_samples", None)
        if self.config.model_type in FAMILIES or n_samples is None:
            return self.family.clip_seconds
        return float(n_samples / self._extractor.sampling_rate)

    def generation(self, max_new_tokens: int, sampling: Sampling) -> Any:
        """The generation configuration: our length limit and the checkpoint's start and end tokens, nothing else of it.

        A repetition penalty, for example, would see only the part of the prompt after the shared prefix.
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
        # Add the tokenizer's end token: some checkpoints' generation settings lack it.
        ends = [end for end in dict.fromkeys([*ends, words.eos_token_id]) if end is not None]
        # transformers samples from the 50 most likely tokens by default.
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
        """Load the model onto its device, with the built-in adapter that the prompt needs and the user's LoRA adapter.

        without: what the prompt leaves out, such as `image`. every_logit: whether to compute logits of all positions,
        as in training.
        Raises `LoadError` for incomplete weights, and for an adapter that does not match.
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
        # transformers initialises missing weights randomly.
        if report["missing_keys"] or report["mismatched_keys"]:
            lacking = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
            raise LoadError(f"model {self.name} lacks {len(lacking)} of its weights, such as {lacking[0]}")
        self._load_adapter(model, without)
        if self._adapter is not None:
            attach(model, self._adapter)
        if self.family.omni:
            attend_in_segments(model)
        if not every_logit:
            _keep_last_logits(model)
        return model.eval()

    def _load_adapter(self, model: Any, without: Collection[str]) -> None:
        folder = next((folder for kind, folder in self.family.adapters.items() if kind not in without), None)
        if folder is None:
            return
        with self._loading(f"adapter {folder}"):
            # transformers mistakes parameters whose name contains the adapter's name for its parts.
            place = {"subfolder": folder, "revision": self.revision}
            report = model.load_adapter(self.name, adapter_name=_ADAPTER, adapter_kwargs=place)
            if report.missing_keys or report.unexpected_keys:
                raise ValueError(f"it does not fit: {sorted(report.missing_keys | report.unexpected_keys)[0]}")
            model.set_adapter(_ADAPTER)

    def describe(self) -> dict[str, Any]:
        """What identifies the checkpoint, for the manifest."""
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
        """Convert any exception of a checkpoint or its code into a one-line `LoadError` that names the checkpoint."""
        try:
            yield
        except Exception as error:
            reason = reason_of(error).splitlines()[0]
            if "trust_remote_code" in str(error) and not self._trust:
                reason += " (--trust-remote-code runs it)"
            for package in _FAMILY_PACKAGES:
                if package in str(error).lower() and find_spec(package) is None:
                    reason = f'it needs {package}: python -m pip install "omni-persona[families]"'
            place = "" if Path(self.name).is_dir() else ", which is no folder here"
            raise LoadError(f"cannot load the {part} of model {self.name}{place}: {reason}") from error

    @property
    def _extractor(self) -> Any:
        """The processor's audio feature extractor, whose attribute name varies; None if it has none."""
        processor = self.processor
        return getattr(processor, "feature_extractor", None) or getattr(processor, "audio_processor", None)


def _says_none(config: Any, part: str) -> bool:
    """Whether a configuration declares a part and sets it to None."""
    return hasattr(config, part) and getattr(config, part) is None


def _keep_last_logits(model: Any) -> None:
    """Make a model without such an option compute the logits of the last position only.

    With thousands of positions and a vocabulary of 150,000 tokens, all logits would take gigabytes, unused.
    """
    if "logits_to_keep" not in inspect.signature(model.forward).parameters:
        model.get_output_embeddings().register_forward_pre_hook(lambda _, hidden: (hidden[0][:, -1:], *hidden[1:]))


def _commit(name: str, revision: str | None) -> str | None:
    """The commit that a revision on the Hub currently points to; None for a folder."""
    from huggingface_hub import hf_hub_download

    if Path(name).is_dir():
        return None
    # The cache stores each commit in a folder named after it.
    return Path(hf_hub_download(name, "config.json", revision=revision)).parent.name


def _weights_mark(folder: Path) -> str:
    """Fingerprint of a local checkpoint's weights: a hash of the size and the first and last MiB of each file.

    Detects that the checkpoint in a folder changed before a run is resumed; reading all weights would take
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
