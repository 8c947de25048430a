"""A whole pool refined by a served model, and built from; killed and resumed."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import numpy as np
import pytest

import omni_persona
from omni_persona_artifacts.construction import read_construction
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_build.checks import check
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import load_recipe
from omni_persona_people.errors import PoolError
from omni_persona_people.pool import read_pool
from omni_persona_people.pool_questions import read_questions
from omni_persona_people.rules import wording

GONE = ("hobby", "major", "travel_experience", "emotion")


@pytest.fixture
def gaps(pool):
    """The pool with some fields missing; two people tell of their hobby."""
    for line in pool.lines:
        for field in GONE:
            line["profile"][field] = None
    pool.lines[0]["dialogue"] = "Hello there. My hobby: zebra counting. Bye."
    pool.lines[1]["dialogue"] = [{"speaker": "B", "text": "My hobby: yak combing."}]
    pool.save()
    return pool


def _lines(folder):
    return [json.loads(line) for line in (folder / "personas.jsonl").read_text().splitlines()]


def test_a_pool_comes_out_filled_and_marked_and_what_was_given_is_there(gaps, refined, fake, tmp_path):
    with fake.serving() as model:
        model.delay = 0.02
        result = refined(model, concurrency=3)
        assert model.most_at_once == 3
    assert (result.extracted, result.invented, result.clauses) == (2, 12 * 4 - 2, 12 * 17)
    assert (result.questions, result.refusals) == (14, ())
    for before, after in zip(gaps.lines, _lines(result.out), strict=True):
        given = {field: value for field, value in before["profile"].items() if value is not None}
        assert given.items() <= after["profile"].items()
        for key in ("persona_id", "name", "gender", "images", "audios"):
            assert after[key] == before[key]
        marks = {key.removeprefix("profile.") for key in after["generated"] if key.startswith("profile.")}
        assert marks == set(GONE)
        assert set(after["statements"]) == {*given, *GONE}
        assert all(mark["by"] == "fake/one" for mark in after["generated"].values())
    assert _lines(result.out)[0]["profile"]["hobby"] == "zebra counting"
    assert _lines(result.out)[1]["generated"]["profile.hobby"] == {"by": "fake/one", "how": "extracted"}
    report = json.loads((result.out / "refine.json").read_text())
    counts = {"people": 12, "extracted": 2, "invented": 46, "clauses": 204, "questions": 14}
    assert report == {"model": "fake/one", "refusals": [], **counts}
    for path in [*result.out.rglob("*"), tmp_path / "cache.jsonl"]:
        assert not path.is_file() or b"sk-very-secret" not in path.read_bytes()
    sent = json.dumps(model.requests)
    assert not any(word in sent for line in gaps.lines for word in line["name"].split())


def test_a_stage_is_reported_before_the_first_of_it_is_done(gaps, refined, fake):
    steps = []
    with fake.serving() as model:
        refined(model, progress=lambda *now: steps.append(now))
    for stage, total in (("filling profiles", 12), ("wording facts", 12), ("writing questions", 14)):
        assert [done for name, done, of in steps if (name, of) == (stage, total)] == list(range(total + 1))


@pytest.mark.slow
def test_a_refined_pool_builds_passes_every_check_and_uses_what_was_written(gaps, refined, fake, tmp_path):
    with fake.serving() as model:
        result = refined(model)
    out = tmp_path / "built" / "omni-persona"
    build(result.out, load_recipe("tiny"), out)
    assert [finding for finding in check(out) if finding.passed is False] == []
    items = list(omni_persona.items(omni_persona.load(out, streaming=True)))
    notes = {context.text for item in items for context in item.contexts}
    written = [clause for line in _lines(result.out) for some in line["statements"].values() for clause in some]
    assert sum(any(clause in note for clause in written) for note in notes) > len(notes) / 2
    openings = tuple(question.partition("{who}")[0] for question in fake.ASKED.values())
    assert any(item.query_text.startswith(openings) for item in items)
    marked = {name: rows[0]["generated"] for name, rows in read_construction(out).items()}
    assert marked == {item.augmented_id: item.asked_subfield in GONE for item in items}
    card = (out / "README.md").read_text()
    assert "- A language model (`fake/one`) wrote of the pool: 48 profile\n  fields (2 found" in card
    assert "46 invented), 204 clauses for notes and 14 questions." in card
    assert "made from templates and from clauses that a model wrote, in English." in card


def test_a_pool_without_generated_texts_says_nothing_of_them(built):
    assert "language model" not in (built / "README.md").read_text()
    assert not any(row["generated"] for rows in read_construction(built).values() for row in rows)


def test_the_same_replies_give_the_same_bytes_and_cost_nothing(gaps, refined, fake):
    with fake.serving() as model:
        first = refined(model)
        asked = len(model.requests)
        second = refined(model, "again", concurrency=1)
        assert len(model.requests) == asked
        other = refined(model, "other", name="fake/two")
        assert len(model.requests) == 2 * asked
    names = ("personas.jsonl", "wording.json", "refine.json")
    assert [(first.out / name).read_bytes() for name in names] == [(second.out / name).read_bytes() for name in names]
    assert other.model == "fake/two"


def test_only_what_is_asked_for_is_added(gaps, refined, fake):
    with fake.serving() as model:
        result = refined(model, parts=["questions"])
    assert (result.extracted, result.invented, result.clauses, result.questions) == (0, 0, 0, 14)
    assert (result.out / "personas.jsonl").read_bytes() == gaps.file.read_bytes()
    with fake.serving() as model:
        result = refined(model, "profiles", parts=["profile"])
    assert (result.invented, result.clauses, result.questions) == (46, 0, 0)
    assert not (result.out / "wording.json").exists()


@pytest.mark.slow
def test_a_refined_pool_can_be_refined_again_and_keeps_its_marks(gaps, refined, fake, tmp_path):
    with fake.serving() as model:
        first = refined(model, parts=["profile"])
        gaps.folder = first.out
        second = refined(model, "second", name="fake/two")
    assert (second.extracted, second.invented, second.clauses) == (0, 0, 204)
    marks = _lines(second.out)[0]["generated"]
    assert marks["profile.hobby"]["by"] == "fake/one"
    assert marks["statements.hobby"]["by"] == "fake/two"
    out = tmp_path / "built" / "omni-persona"
    build(second.out, load_recipe("tiny"), out)
    assert "(`fake/one`, `fake/two`)" in (out / "README.md").read_text()


def test_what_cannot_be_had_is_left_as_it_was_and_listed(gaps, refined, fake):
    trouble = {"p2": "I'd rather not.", "p3": (500, "oops"), "p4": fake.completion(None, refusal="No."), "p5": "[]"}
    people = {line["profile"]["role"]: line["persona_id"] for line in gaps.lines}

    def answer(payload, turn):
        return trouble.get(people[payload["given"]["role"]] if "spark" in payload else None, fake.well(payload))

    with fake.serving(answer) as model:
        result = refined(model, attempts=2, parts=["profile"])
    left = {(one.person, one.what): one.reason for one in result.refusals}
    assert set(left) == {(person, f"profile.{field}") for person in trouble for field in GONE}
    reasons = {"p2": "not JSON", "p3": "replied 500: oops", "p4": "refused: No.", "p5": "got a list"}
    for person, reason in reasons.items():
        assert reason in left[person, "profile.hobby"]
    lines = {line["persona_id"]: line for line in _lines(result.out)}
    assert all(lines[person]["profile"][field] is None for person in trouble for field in GONE)
    assert "generated" not in lines["p2"]
    assert lines["p6"]["profile"]["hobby"]
    # The next run asks again for what it could not read, and for nothing else.
    before = len(model.requests)
    with fake.serving() as model:
        assert refined(model, "again", parts=["profile"]).refusals == ()
    assert before > len(model.requests) == 2 * len(trouble)


def test_an_earlier_question_that_a_new_value_answers_is_left_out(gaps, refined, fake):
    asked = {"hobby": ["Which pastime pleases {who}?", "Which pastime, counting aside, pleases {who}?"]}
    (gaps.folder / "wording.json").write_text(json.dumps({"questions": asked}))
    with fake.serving() as model:
        result = refined(model, parts=["profile"])
    assert [one.what for one in result.refusals] == ["questions.hobby"]
    assert read_questions(result.out, read_pool(result.out)).by_field == {"hobby": ("Which pastime pleases {who}?",)}


def test_an_endpoint_that_refuses_leaves_nothing_behind(gaps, refined, fake, tmp_path):
    before = sorted(tmp_path.iterdir())
    with (
        fake.serving(lambda payload, turn: (401, "no")) as model,
        pytest.raises(PoolError, match="does not accept the API key"),
    ):
        refined(model)
    assert sorted(tmp_path.iterdir()) == before
    with (
        fake.serving(lambda payload, turn: (500, "no")) as model,
        pytest.raises(PoolError, match="4 questions in a row"),
    ):
        refined(model, attempts=1, give_up_after=4, concurrency=1)
    assert sorted(tmp_path.iterdir()) == before
    assert len(model.requests) == 5  # the last one asks whether the server answers anything


def test_an_existing_folder_is_kept_unless_overwritten(gaps, refined, fake, tmp_path):
    (tmp_path / "refined").mkdir()
    with fake.serving() as model:
        with pytest.raises(ArtifactError, match="exists"):
            refined(model)
        assert not model.requests
        assert refined(model, overwrite=True, parts=["questions"]).questions == 14


def test_a_broken_pool_is_refused_before_anything_is_asked(gaps, refined, fake):
    gaps.lines[4]["images"][0]["path"] = "media/none.png"
    gaps.save()
    with fake.serving() as model, pytest.raises(PoolError, match=r"personas\.jsonl:5: no file"):
        refined(model)
    assert not model.requests


def test_media_are_links_or_copies_and_stay_inside(gaps, refined, fake, monkeypatch):
    gaps.lines[0]["images"][0]["path"] = "media/../media/p0/i0.png"
    (gaps.folder / "media/p1/i0.png").rename(gaps.folder / "kept.png")
    (gaps.folder / "media/p1/i0.png").symlink_to(gaps.folder / "kept.png")
    gaps.save()
    with fake.serving() as model:
        linked = refined(model, parts=["questions"])
        monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError("another file system")))
        copied = refined(model, "copied", parts=["questions"])
    assert (gaps.folder / "media/p0/i1.png").samefile(linked.out / "media/p0/i1.png")
    assert not (gaps.folder / "media/p0/i1.png").samefile(copied.out / "media/p0/i1.png")
    for result in (linked, copied):
        assert _lines(result.out)[0]["images"][0]["path"] == "media/p0/i0.png"
        assert not (result.out / "media/p1/i0.png").is_symlink()
        assert _pictures(result.out) == _pictures(gaps.folder)
    gaps.lines[0]["images"][0]["path"] = f"../{gaps.folder.name}/media/p0/i0.png"
    gaps.save()
    with fake.serving() as model, pytest.raises(PoolError, match=r"p0: .* leaves the pool on its way"):
        refined(model, "out", parts=["questions"])


def _pictures(folder):
    return [one.digest for person in read_pool(folder) for one in (*person.pictures, *person.query_pictures)]


SCRIPT = """
import sys
from pathlib import Path
from omni_persona_people.refine.client import ChatClient
from omni_persona_people.refine.refine import refine
pool, out, url = sys.argv[1:]
refine(Path(pool), Path(out), ChatClient(url, "fake/one"), concurrency=2)
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_without_asking_twice(gaps, fake, tmp_path):
    out = tmp_path / "refined"
    command = [sys.executable, "-c", SCRIPT, str(gaps.folder), str(out)]
    killed = threading.Event()

    def answer(payload, turn):
        if len(model.requests) > 20:
            killed.wait(120)
        return fake.well(payload, turn)

    with fake.serving(answer) as model:
        model.delay = 0.05
        process = subprocess.Popen([*command, model.url])
        while len(model.requests) < 15 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed.set()
        assert not out.exists()
        cache = tmp_path / ".refined-refine-cache.jsonl"
        kept = len(cache.read_text().splitlines())
        assert kept >= 10
        with cache.open("ab") as file:
            file.write(b'{"key": "cut in the mid')
        model.delay = 0
        subprocess.run([*command, model.url], check=True)
    asked = Counter(json.dumps(request["messages"]) for request in model.requests)
    # What was on its way when the process died is asked again, and nothing else.
    assert sum(asked.values()) - len(asked) == len(model.requests) - len(asked) <= 2
    assert len(_lines(out)) == 12


def test_without_words_of_its_own_a_pool_draws_what_it_always_drew():
    """Against the drawing as it was before pools could have words of their own."""
    facts = [(field, f"{field} thing") for field in wording.STATEMENTS]

    def note(rng):
        order = [facts[index] for index in rng.permutation(len(facts))]
        parts = []
        for part in (order[: (len(order) + 1) // 2], order[(len(order) + 1) // 2 :]):
            last = sorted(part, key=lambda fact: fact[0] in wording.LONG)
            clauses = [wording._fill(str(rng.choice(wording.STATEMENTS[field])), value) for field, value in last]
            parts.append(f"They {', '.join(clauses[:-1])} and {clauses[-1]}.")
        return " ".join(parts)

    for seed in range(20):
        one, other = np.random.default_rng(seed), np.random.default_rng(seed)
        assert wording.note(facts, one) == note(other)
        asked = wording.question("I2I", "role", None, one)
        who = str(other.choice(wording.POINTERS["I2I"]))
        assert asked == str(other.choice(wording.QUESTIONS["role"])).format(who=who)
        assert one.random() == other.random()
