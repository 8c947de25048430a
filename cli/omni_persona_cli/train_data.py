"""`omni-persona train-data`: a training corpus from a `train` dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from omni_persona_cli import train_data_options as options
from omni_persona_cli.console import out, progress

if TYPE_CHECKING:
    from omni_persona_training.corpus.make import Corpus
    from omni_persona_training.corpus.source import MediaFacts

EXAMPLES = """Examples:

omni-persona train-data --dataset train/omni-persona --recipe sft-1k --exclude omni-persona --out corpora/sft-1k

omni-persona train-data --dataset train/omni-persona --recipe sft-10k --pool people --format ms-swift --out corpora/10k

omni-persona train-data --check corpora/10k"""


def train_data(
    dataset: options.Dataset = None,
    recipe: options.Recipe = "sft-1k",
    target: options.Out = Path("corpus"),
    forms: options.Formats = None,
    pool: options.Pool = None,
    events: options.Events = None,
    exclude: options.Exclude = None,
    examples: options.Examples = None,
    absent: options.Absent = None,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    check: options.Check = None,
) -> None:
    """Make training examples of up to twelve task types, and of questions over memories.

    Shares are exact to one example; --out is written completely or not at all, with a card that describes it.
    """
    from omni_persona_training.corpus.export import export_corpus
    from omni_persona_training.corpus.make import make_corpus
    from omni_persona_training.corpus.recipe import load_recipe

    if check is not None:
        _check(check)
        return
    if dataset is None:
        raise ValueError("expected --dataset, or --check with a corpus")
    with progress() as shown:
        made = make_corpus(
            dataset,
            load_recipe(recipe),
            target,
            seed=seed,
            total=examples,
            absent=absent,
            facts=None if pool is None else _facts(pool),
            events=events,
            exclude=exclude,
            overwrite=overwrite,
            progress=shown,
        )
        files = [export_corpus(target, form.value, overwrite=overwrite) for form in forms or ()]
    _print_made(made, recipe)
    for file in files:
        out.print(f"Wrote {file}", soft_wrap=True)
    command = "rlvr" if recipe.startswith("rlvr") else "sft"
    out.print(f"Next: omni-persona {command} --dataset {target} --model ORG/MODEL --out adapters/first", soft_wrap=True)


def _print_made(made: Corpus, recipe: str) -> None:
    table = Table(title=f"{recipe}", title_justify="left")
    table.add_column("task type")
    table.add_column("examples", justify="right")
    for task, count in sorted(made.made.items()):
        table.add_row(task, str(count))
    out.print(table)
    total = sum(made.made.values())
    out.print(
        f"Made {made.out}: {total} examples, {made.absent} of them without an answer, of {made.people} people",
        markup=False,
        soft_wrap=True,
    )


def _check(corpus: Path) -> None:
    from omni_persona_training.corpus.export import check_export, exports_of
    from omni_persona_training.corpus.folder import CorpusFolder

    out.print(f"{corpus}: {len(CorpusFolder(corpus))} examples, every medium there", soft_wrap=True)
    for form in exports_of(corpus):
        out.print(f"{form}: {check_export(corpus, form)} rows, tags and media match", soft_wrap=True)


def _facts(pool: Path) -> MediaFacts:
    """A pool's labels for its media. Raises `PoolError` that names file and line."""
    from omni_persona_people.media_labels import media_labels
    from omni_persona_training.corpus.source import MediaFacts

    labels = media_labels(pool)
    return MediaFacts(labels.transcripts, labels.emotions, labels.appearances, pool)
