"""`omni-persona train-data`: a corpus, its exports, its check, and errors."""

import pytest


@pytest.fixture
def call(command_line):
    return lambda *arguments: command_line("train-data", *arguments)


def test_a_corpus_is_made_exported_and_checked(call, built, shared_pool, tmp_path):
    corpus = tmp_path / "corpus"
    options = ("--recipe", "sft-10k", "--examples", 40, "--pool", shared_pool.folder, "--format", "ms-swift")
    done = call("--dataset", built, *options, "--out", corpus)
    assert done.returncode == 0, done.stderr
    assert "40 examples" in done.stdout and "speech_transcription" in done.stdout
    checked = call("--check", corpus)
    assert checked.returncode == 0 and "ms-swift: 40 rows, tags and media match" in checked.stdout
    next((corpus / "media").iterdir()).unlink()
    broken = call("--check", corpus)
    assert broken.returncode == 2 and "there is no medium media/" in broken.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected --dataset, or --check with a corpus"),
        (("--recipe", "sft-2k"), "no recipe 'sft-2k'"),
        (("--exclude", "DATASET"), "shares 12 people (p0, p1, p10, p11, p2, p3, ...)"),
        (("--pool", "nowhere"), "nowhere is not a persona pool"),
        (("--events", "nowhere"), "expected sounds of four labels or more, got 0"),
        (("--recipe", "RECIPE"), "ask for fewer (--examples), or build from more people"),
    ],
)
def test_bad_input_is_reported(call, built, tmp_path, arguments, message):
    dataset = ("--dataset", built) if arguments else ()
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("{name: own, total: 4000, counts: {speech_transcription: 4000}}", encoding="utf-8")
    given = [{"DATASET": built, "RECIPE": recipe}.get(argument, argument) for argument in arguments]
    done = call(*dataset, *given, "--out", tmp_path / "corpus")
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "corpus").exists()
