"""Load a dataset folder, or a release's JSONL file, as a `datasets.Dataset`."""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import datasets

from omni_persona import CONFIGS, SPLIT, Item, __version__, features, item_from_row
from omni_persona_artifacts.data_files import data_files, split_of
from omni_persona_artifacts.release_file import release_rows


def load(
    path: str | Path,
    name: str = "default",
    *,
    split: str | None = None,
    assets: str | Path | None = None,
    streaming: bool = False,
) -> datasets.Dataset | datasets.IterableDataset:
    """Read a dataset folder, or a release's JSONL file with its folder of media.

    path: the folder that `omni-persona build` writes (or its Hub name), or a release's `.jsonl` file.
    name: a key of `CONFIGS`. split: one of `SPLITS`; default: that of the folder, `test` for a name on the Hub.
    assets: the release's media folder; only with a `.jsonl` file.
    streaming: read a folder row by row, with no copy in the cache of `datasets`.
    Raises `FileNotFoundError` or `ValueError` that says what is wrong and where.
    """
    if name not in CONFIGS:
        raise ValueError(f"expected a configuration among {', '.join(CONFIGS)}, got {name!r}")
    if str(path).endswith(".jsonl"):
        if assets is None:
            raise ValueError(f"{path} is a release: pass assets=, the folder of its pictures and clips")
        if streaming:
            raise ValueError(f"{path} is a release, which cannot be streamed")
        builder = OmniPersona(config_name=name, release=str(path), assets=str(assets))
        builder.download_and_prepare()
        return builder.as_dataset(split=SPLIT)
    if Path(path).exists():
        held = split_of(path)
        if split not in (None, held):
            raise ValueError(f"{path} contains the split {held}, not {split}")
        split = held
        if glob.has_magic(str(path)):
            # `datasets` interprets brackets, stars and question marks in a path as a glob pattern.
            files = {split: [glob.escape(str(file)) for file in data_files(path)]}
            rows = CONFIGS[name]
            filters = None if rows is None else [[(rows[0], "==", rows[1])]]
            return datasets.load_dataset("parquet", data_files=files, split=split, streaming=streaming, filters=filters)
    return datasets.load_dataset(str(path), name, split=split or SPLIT, streaming=streaming)


def items(dataset: datasets.Dataset | datasets.IterableDataset) -> Iterator[Item]:
    """The items of a dataset in its order, one at a time, media still encoded."""
    if isinstance(dataset, datasets.IterableDataset):
        yield from map(item_from_row, dataset.decode(False))
        return
    # The Arrow format returns the stored bytes; the default format would decode every picture.
    arrow = dataset.with_format("arrow")
    for index in range(len(dataset)):
        yield item_from_row(arrow[index : index + 1].to_pylist()[0])


@dataclass
class OmniPersonaConfig(datasets.BuilderConfig):
    """The source of `OmniPersona`: `data_dir` (a dataset folder), or `release` with `assets`."""

    release: str | None = None
    """A release's JSONL file."""
    assets: str | None = None
    """The folder that its media paths are relative to."""


class _EncodedAudio(datasets.Audio):
    """`Audio` for clips that are already encoded: the original requires torchcodec even if it has nothing to encode."""

    def encode_example(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class OmniPersona(datasets.GeneratorBasedBuilder):
    """Reads a dataset folder or a release into one split, with the schema `FEATURES`: `test`, or the folder's own.

    Used as a class, since `datasets` no longer supports loading scripts:

        builder = OmniPersona(config_name="I2I", data_dir="omni-persona")
        builder.download_and_prepare()
        dataset = builder.as_dataset(split="test")
    """

    VERSION = datasets.Version(__version__)
    BUILDER_CONFIG_CLASS = OmniPersonaConfig
    BUILDER_CONFIGS: ClassVar[list[OmniPersonaConfig]] = [OmniPersonaConfig(name=name) for name in CONFIGS]
    DEFAULT_CONFIG_NAME = "default"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # `datasets` caches by path: without the files' fingerprint, a rebuilt folder would be read from the cache.
        kwargs.setdefault("hash", _marks(kwargs.get("data_dir"), kwargs.get("release"), kwargs.get("assets")))
        super().__init__(*args, **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=features(_EncodedAudio(decode=False)))

    def as_dataset(self, *args: Any, **kwargs: Any) -> Any:
        self.info.features = features()
        return super().as_dataset(*args, **kwargs)

    def _split_generators(self, dl_manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        config = self.config
        if (config.release is None) == (config.data_dir is None):
            raise ValueError("expected either data_dir (a dataset folder) or release and assets")
        if config.release is not None and config.assets is None:
            raise ValueError("expected assets, the folder of the release's media")
        split = SPLIT if config.release is not None else split_of(config.data_dir)
        return [datasets.SplitGenerator(name=split)]

    def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
        config = self.config
        rows: Iterable[dict[str, Any]]
        if config.release is not None:
            rows = release_rows(Path(config.release), Path(config.assets))
        else:
            files = [glob.escape(str(file)) for file in data_files(config.data_dir)]
            stream = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
            rows = stream.decode(False)
        selected = CONFIGS[config.name]
        for index, row in enumerate(rows):
            if selected is None or row[selected[0]] == selected[1]:
                yield index, row


def _marks(*paths: str | None) -> str:
    """A hash of the names, sizes and modification times of the files under some paths."""
    marks = []
    for path in (Path(path) for path in paths if path is not None):
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        marks += [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]
    return hashlib.sha256(json.dumps(marks).encode()).hexdigest()[:16]
