"""Write the rows of a dataset and its side file, and write them again with other samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

from omni_persona_artifacts.construction import ConstructionFile
from omni_persona_artifacts.progress import Steps
from omni_persona_build.construction import construction_rows
from omni_persona_build.example import better_example
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.row_group import Row
from omni_persona_build.rows import sample_rows
from omni_persona_build.sample import Sample
from omni_persona_build.write import Written, write_parquet

APART_BYTES = 64 << 20
"""Bytes of the media of all people from which on they are written by a process of its own, whose start takes as long as
to write a third of so many.
"""


class DatasetRows:
    """Writes the rows of samples into a folder; each time, those written before are replaced."""

    def __init__(
        self,
        folder: Path,
        graph: PersonaGraph,
        about: dict[str, Any],
        split: str,
        progress: Callable[[int], None],
        writing: Steps,
    ) -> None:
        """about: stored in the footer of the Parquet file. split: `test` or `train`, its name.

        progress: called with the number of samples drawn. writing: called with the numbers of row groups that are
        written, and that are complete, while a process that writes them is waited for.
        """
        self.n_exempt = 0
        """Samples whose missing person is exempt from rules that everybody else meets."""
        self.example: Row | None = None
        """The row that the card shows; None if no row can be answered."""
        self._folder, self._graph, self._about, self._split = folder, graph, about, split
        self._progress, self._writing = progress, writing
        media = {one.digest: one.size for person in graph.people for one in person.media()}
        self._apart = sum(media.values()) >= APART_BYTES
        (folder / "data").mkdir(exist_ok=True)

    def write(self, partitions: Iterable[Iterable[Sample]]) -> Written:
        """Write the samples of each partition, in order."""
        self.n_exempt, self.example, n_samples = 0, None, 0
        construction = ConstructionFile(self._folder)

        def rows(samples: Iterable[Sample]) -> Iterator[list[Row]]:
            nonlocal n_samples
            for sample in samples:
                construction.add(construction_rows(self._graph, sample, n_samples))
                written = [*sample_rows(sample, n_samples)]
                self.example = reduce(better_example, written, self.example)
                yield written
                n_samples += 1
                self.n_exempt += sample.exempt
                self._progress(n_samples)

        summary = write_parquet(
            map(rows, partitions), self._folder, self._about, self._split, apart=self._apart, progress=self._writing
        )
        construction.close()
        return summary
