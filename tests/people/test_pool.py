"""Reading a pool: every broken input is one error that names file and line."""

import json

import pytest

from omni_persona_build.pipeline import build
from omni_persona_build.recipes import Recipe, load_recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_people.errors import PoolError
from omni_persona_people.pool import read_pool


def test_reads_people_with_media_for_contexts_and_queries_apart(pool):
    people = read_pool(pool.folder)
    assert [persona.persona_id for persona in people] == [f"p{index}" for index in range(12)]
    for persona, line in zip(people, pool.lines, strict=True):
        contexts = {medium.read() for medium in (*persona.pictures, *persona.clips)}
        queries = {medium.read() for medium in (*persona.query_pictures, *persona.query_clips)}
        assert len(contexts) == len(queries) == 4
        assert not contexts & queries
        assert persona.profile.role == line["profile"]["role"]
        assert persona.clips[0].transcript == line["audios"][0]["transcript"]


def test_without_query_roles_the_later_half_asks(pool):
    for image in pool.lines[0]["images"]:
        image["role"] = "reference"
    for audio in pool.lines[0]["audios"][2:]:
        audio["role"] = "emotional"
    pool.save()
    persona = read_pool(pool.folder)[0]
    assert [picture.path.name for picture in persona.pictures] == ["i0.png", "i1.png"]
    assert [picture.path.name for picture in persona.query_pictures] == ["i2.png", "i3.png"]
    assert [clip.path.name for clip in persona.query_clips] == ["a2.wav", "a3.wav"]


def _cut_media(pool, name):
    path = pool.folder / "media/p2" / name
    path.write_bytes(path.read_bytes()[:40])


def _link_outside(pool):
    outside = pool.folder.parent / "outside.png"
    (pool.folder / "media/p2/i0.png").rename(outside)
    (pool.folder / "media/p2/i0.png").symlink_to(outside)


def _set(pool, key, value, part="images"):
    pool.lines[2][part][0][key] = value
    pool.save()


def _drop(pool, key):
    del pool.lines[2][key]
    pool.save()


def _text(pool, text, line=2):
    lines = pool.file.read_text().splitlines()
    lines[line] = text
    pool.file.write_text("\n".join(lines) + "\n")


BROKEN = {
    "not JSON": (lambda pool: _text(pool, '{"persona_id": '), "not a JSON record"),
    "an empty line": (lambda pool: _text(pool, ""), "not a JSON record"),
    "not an object": (lambda pool: _text(pool, "[1]"), "the line"),
    "nested too deeply": (lambda pool: _text(pool, "[" * 100_000), "not a JSON record: nested"),
    "no persona_id": (lambda pool: _drop(pool, "persona_id"), "field 'persona_id' is missing"),
    "no name": (lambda pool: _drop(pool, "name"), "field 'name' is missing"),
    "no profile": (lambda pool: _drop(pool, "profile"), "field 'profile' is missing"),
    "more pictures than anybody has": (
        lambda pool: (pool.lines[2].update(images=pool.lines[2]["images"] * 501), pool.save()),
        "images: List should have at most 1000 items",
    ),
    "no images": (lambda pool: _drop(pool, "images"), "field 'images' is missing"),
    "no audios": (lambda pool: _drop(pool, "audios"), "field 'audios' is missing"),
    "unknown role": (lambda pool: _set(pool, "role", "front"), "images.0.role"),
    "absolute path": (lambda pool: _set(pool, "path", "/etc/hostname"), "lies outside of"),
    "path with ..": (lambda pool: _set(pool, "path", "../other.png"), "lies outside of"),
    "path with a backslash": (lambda pool: _set(pool, "path", "media\\p2\\i0.png"), "expected / between folders"),
    "link that leads outside": (_link_outside, "lies outside of"),
    "missing file": (lambda pool: _set(pool, "path", "media/none.png"), "no file 'media/none.png'"),
    "a folder for a file": (lambda pool: _set(pool, "path", "media"), "no file 'media'"),
    "cut picture": (lambda pool: _cut_media(pool, "i0.png"), "i0.png: not a readable picture"),
    "cut clip": (lambda pool: _cut_media(pool, "a0.wav"), "a0.wav: "),
    "a clip for a picture": (
        lambda pool: _set(pool, "path", "media/p2/a0.wav"),
        "a0.wav: not a readable picture",
    ),
    "a picture for a clip": (
        lambda pool: _set(pool, "path", "media/p2/i0.png", "audios"),
        "i0.png: not a readable clip",
    ),
    "two equal ids": (
        lambda pool: (pool.lines[2].update(persona_id="p0"), pool.save()),
        "persona_id 'p0' is on line 1 already",
    ),
    "one picture, asked for I2I": (
        lambda pool: (pool.lines[2].update(images=pool.lines[2]["images"][:1]), pool.save()),
        "p2 has one picture; I2I needs two",
    ),
    "one clip, asked for A2A": (
        lambda pool: (pool.lines[2].update(audios=pool.lines[2]["audios"][:1]), pool.save()),
        "p2 has one clip; A2A needs two",
    ),
    "a clip without transcript, asked for T2Any": (
        lambda pool: _set(pool, "transcript", None, "audios"),
        "p2 has a clip without a transcript",
    ),
    "an unknown profile field": (
        lambda pool: (pool.lines[2]["profile"].update(shoe_size="42"), pool.save()),
        "profile.shoe_size: no such field$",
    ),
    "a profile field with a letter wrong": (
        lambda pool: (pool.lines[2]["profile"].update(rolle="pilot"), pool.save()),
        r"profile.rolle: no such field; did you mean role\?",
    ),
    "a person over several lines": (
        lambda pool: _text(pool, json.dumps(pool.lines[2], indent=1)),
        "not a JSON record: it ends in the middle of a person, which must stand on one line",
    ),
    "a number of 5,000 digits": (
        lambda pool: _text(pool, '{"persona_id": %s}' % ("1" * 5000)),
        "a number of 5000 digits",
    ),
    "an empty profile value": (
        lambda pool: (pool.lines[2]["profile"].update(role="  "), pool.save()),
        "profile.role: String should have at least 1 character",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_line_is_named_and_nothing_is_left_behind(pool, case):
    spoil, message = BROKEN[case]
    spoil(pool)
    before = sorted(pool.folder.parent.iterdir())
    with pytest.raises((PoolError, BuildError), match=message) as caught:
        build(pool.folder, load_recipe("tiny"), pool.folder.parent / "omni-persona")
    assert str(caught.value).startswith(f"{pool.file}:3: "), caught.value
    assert "\n" not in str(caught.value)
    assert sorted(pool.folder.parent.iterdir()) == before


def test_what_ends_a_line_of_text_may_stand_within_one_of_json(pool):
    pool.lines[2]["profile"]["quote"] = "one\u2028two\x85three"
    pool.file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in pool.lines), encoding="utf-8")
    people = read_pool(pool.folder)
    assert (len(people), people[2].profile.quote) == (12, "one\u2028two\x85three")


def test_a_line_in_another_encoding_is_named(pool):
    pool.file.write_bytes(pool.file.read_bytes().replace(b"Nnd", "Nñd".encode("latin-1")))
    with pytest.raises(PoolError, match=r"personas\.jsonl:3: expected UTF-8, got byte 0xf1"):
        read_pool(pool.folder)


def test_no_pool_and_an_empty_pool(tmp_path):
    with pytest.raises(PoolError, match=r"not a persona pool: it has no personas\.jsonl"):
        read_pool(tmp_path)
    (tmp_path / "personas.jsonl").write_text("")
    with pytest.raises(PoolError, match="empty file"):
        read_pool(tmp_path)


def test_a_pool_too_small_for_k(pool, tmp_path):
    pool.lines = pool.lines[:8]
    pool.save()
    with pytest.raises(BuildError, match=r"K = 4 memories .* needs 5 people of one gender, got 4 female, 4 male"):
        build(pool.folder, load_recipe("tiny"), tmp_path / "out")


def test_exactly_k_people_do_where_nobody_is_absent(pool, tmp_path):
    pool.lines = pool.lines[:8]
    pool.save()
    recipe = Recipe.model_validate({"name": "few", "tasks": {"visual_to_bio": {"answerable": 2}}})
    assert build(pool.folder, recipe, tmp_path / "out").items == 2


def test_a_pool_whose_people_all_say_the_same_cannot_fill_t2any(pool, tmp_path):
    for line in pool.lines:
        for audio in line["audios"]:
            audio["transcript"] = "The same sentence for everybody."
    pool.save()
    recipe = Recipe.model_validate({"name": "said", "tasks": {"dialogue_to_bio": {"answerable": 1}}})
    with pytest.raises(BuildError, match="cannot fill a sample of dialogue_to_bio: two clips say the same"):
        build(pool.folder, recipe, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_extra_keys_of_a_medium_are_let_through(pool):
    pool.lines[0]["audios"][0]["speaker"] = "17"
    pool.save()
    assert len(read_pool(pool.folder)) == 12
    assert json.loads(pool.file.read_text().splitlines()[0])["audios"][0]["speaker"] == "17"


def test_a_file_of_faults_is_not_read_to_its_end(pool):
    pool.file.write_text("{}\n" * 100_000)
    with pytest.raises(PoolError, match=r"^[^\n]*:1: field 'persona_id' is missing\n(.*\n){19}and at least 98\d more$"):
        read_pool(pool.folder)
    pool.lines[0]["profile"] |= {f"field {number}": "x" for number in range(100_000)}
    pool.save()
    with pytest.raises(PoolError, match=r":1: profile\.field 0: no such field\n(.*\n){19}and 80 more$"):
        read_pool(pool.folder)
