"""Recipes that somebody else wrote: each is read, or refused at once with its place, and none acts in a card."""

import os

import pytest

from omni_persona_artifacts.markdown import code, inline
from omni_persona_build.recipes import load_recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_training.corpus import recipe as corpus
from omni_persona_training.errors import TrainingError

BUILD = "name: mine\ntasks:\n  visual_to_bio: {answerable: 1}\n"
BOMB = "a: &a [x, x]\n" + "".join(
    f"{one}: &{one} [*{before}, *{before}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)
BROKEN = {
    "deep brackets": ("a: " + "[" * 5000, ":1: nested more than 20 levels deep"),
    "deep braces": ("{a: " * 5000, ":1: nested more than 20 levels deep"),
    "deep blocks": ("".join(" " * n + "a:\n" for n in range(300)), ":21: nested more than 20 levels deep"),
    "aliases": (BOMB, r":2: expected plain YAML, got the alias \*a; write it out"),
    "merged aliases": ("a: &a {x: 1}\nb: {<<: [*a, *a]}\n", r":2: expected plain YAML, got the alias \*a"),
    "a key twice": ("name: a\ntasks: {}\nname: b\n", ":3: expected each key once, got 'name' again; remove one"),
    "a key twice further in": ("name: a\ntasks:\n  x: [{b: 1, 'b': 2}]\n", ":3: expected each key once, got 'b' again"),
    "an object of Python": ("!!python/object/apply:os.system ['true']", "not YAML: could not determine a constructor"),
    "a number of 5,000 digits": (f"name: {'9' * 5000}", "not YAML: Exceeds the limit"),
    "a date that is none": ("name: 2026-13-45", "not YAML: month must be in 1..12"),
    "a control character": ("name: a\0b", "not YAML: unacceptable character"),
    "no UTF-8": (b"name: \xff", "not YAML: 'utf-8' codec can't decode"),
    "a large file": ("#" * 200_000, "expected at most 131,072 bytes, got 200,000"),
    "nothing": ("", "recipe"),
    "a list": ("- a\n", "recipe"),
    "names of two lines": ('name: "a\\nb: c"\n', "name: expected letters, digits"),
    "markup in a name": ("name: '<script>alert(1)</script>'\n", "name: expected letters, digits"),
    "a link in a name": ("name: '[a](javascript:b)'\n", "name: expected letters, digits"),
    "a terminal escape in a name": ('name: "a\\e[2J"\n', r"name: expected letters, digits.*'a\\x1b\[2J'"),
    "a long name": (f"name: {'a' * 100}\n", "name: expected at most 60 characters, got 100"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize(("load", "error"), [(load_recipe, BuildError), (corpus.load_recipe, TrainingError)])
def test_a_broken_recipe_is_refused_with_its_place(tmp_path, case, load, error):
    content, says = BROKEN[case]
    file = tmp_path / "mine.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(error, match=f"^{file}.*{says}") as caught:
        load(str(file))
    assert len(str(caught.value)) < 600


NUMBERS = {
    "more than fit": ("answerable: 99999999999999999999", "tasks.visual_to_bio.answerable"),
    "too many of a task": ("answerable: 1000001", "tasks.visual_to_bio.answerable"),
    "too many in all": ("answerable: 600000, absent_persona: 600000", "asks for 1,200,000 items, expected at most"),
    "below zero": ("answerable: -1", "tasks.visual_to_bio.answerable"),
    "infinite": ("answerable: .inf", "tasks.visual_to_bio.answerable"),
    "no number": ("answerable: .nan", "tasks.visual_to_bio.answerable"),
    "a truth": ("answerable: [true]", "tasks.visual_to_bio.answerable"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_of_a_recipe_have_limits(tmp_path, case):
    numbers, says = NUMBERS[case]
    file = tmp_path / "mine.yaml"
    file.write_text(BUILD.replace("answerable: 1", numbers))
    with pytest.raises(BuildError, match=f"^{file}: .*{says}"):
        load_recipe(str(file))


@pytest.mark.parametrize("seconds", ["[.nan, 30]", "[2, .inf]", "[-1, 30]", "[2, 1e300]"])
def test_lengths_of_clips_have_limits(tmp_path, seconds):
    file = tmp_path / "mine.yaml"
    file.write_text(f"clip_seconds: {seconds}\n{BUILD}")
    with pytest.raises(BuildError, match=f"^{file}: clip_seconds"):
        load_recipe(str(file))


def _fifo(path):
    os.mkfifo(path)


KINDS = {
    "a named pipe": (_fifo, "got a named pipe"),
    "a folder": (lambda path: path.mkdir(), "got a folder|Is a directory"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "got a device"),
    "a dangling link": (lambda path: path.symlink_to("nowhere"), "a symbolic link to 'nowhere', which does not exist"),
    "a link to itself": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
}


@pytest.mark.parametrize("case", KINDS)
@pytest.mark.parametrize(("load", "error"), [(load_recipe, BuildError), (corpus.load_recipe, TrainingError)])
def test_a_recipe_that_is_no_file_is_refused_for_what_it_is(tmp_path, case, load, error):
    make, says = KINDS[case]
    make(tmp_path / "mine.yaml")
    with pytest.raises(error, match=says):
        load(str(tmp_path / "mine.yaml"))


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "a/" * 5000])
@pytest.mark.parametrize(("load", "error"), [(load_recipe, BuildError), (corpus.load_recipe, TrainingError)])
def test_a_recipe_whose_name_is_none_is_refused(name, load, error):
    with pytest.raises(error):
        load(name)


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "![a](https://example.org/seen.png)",
        "# heading",
        "1. item",
        "> quotation",
        "a\n\n# heading",
        "a | b | c",
        "`code`",
        "**bold** _slanted_ ~~gone~~",
        "https://example.org and www.example.org and a@example.org",
        "<!-- end of checks -->",
        "&lt;b&gt;",
        "$$x$$",
        "\\[a](b)",
    ],
)
def test_free_text_in_markdown_is_one_paragraph_of_text(text):
    # An independent parser with everything on that the Hub reads.
    markdown_it = pytest.importorskip("markdown_it")
    parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for shown in (inline(text), f"# {inline(text)}", f"`a`: {inline(text)}", code(text)):
        (inner,) = [token for token in parser.parse(shown) if token.type == "inline"]
        kinds = {child.type for child in inner.children} - {"text", "text_special", "html_inline"}
        assert kinds <= {"code_inline"}
        assert all(c.content == "<!-- -->" for c in inner.children if c.type == "html_inline")
        said = "".join(c.content for c in inner.children if c.type != "html_inline")
        assert " ".join(text.split()).replace("`", "'") in said.replace("`", "'")
    row = f"| a | b |\n|---|---|\n| {inline(text)} | c |"
    assert sum(token.type == "td_open" for token in parser.parse(row)) == 2
