"""Profiles filled by a model: what is given stays, what is added is found or checked, what fails is listed."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omni_persona_people.errors import PoolError
from omni_persona_people.persona_line import Profile, read_line
from omni_persona_people.pool import read_pool
from omni_persona_people.refine.draft import Draft
from omni_persona_people.refine.exchange import Asker, read_object
from omni_persona_people.refine.profile import WANTED, fill_profile
from omni_persona_people.refine.statements import write_statements

LINE = {
    "persona_id": "p1",
    "name": "Ada Example",
    "gender": "female",
    "profile": {"role": "harbour pilot", "location": "Trondheim", "emotion": "calm"},
    "images": [{"path": "a.png", "role": "reference"}],
    "audios": [{"path": "a.wav", "role": "reference", "transcript": "The kettle is on."}],
}
DIALOGUE = [
    {"speaker": "me", "text": "What do you do at weekends?"},
    {"speaker": "Ada", "text": "I spend them  repairing old accordions. I once  studied soil chemistry."},
]


class Scripted:
    """A client that gives some replies in order, and then finds nothing wrong."""

    model = "fake/one"

    def __init__(self, *replies):
        self.replies, self.asked = list(replies), []

    async def reply(self, messages, schema):
        self.asked.append(messages)
        if self.replies:
            reply = self.replies.pop(0)
            return reply if isinstance(reply, str) else json.dumps(reply)
        payload = json.loads(messages[1]["content"].splitlines()[-1])
        return json.dumps({"contradictions": []} if "proposed" in payload else {})


def asker(client):
    return Asker(client, SimpleNamespace(get=lambda messages: None, put=lambda messages, reply: None))


def filled(*replies, work=fill_profile, **line):
    draft, client = Draft.of(json.dumps(LINE | line), "f:1"), Scripted(*replies)
    asyncio.run(work(draft, asker(client)))
    return draft, client


def fine(**changed):
    """A reply that invents all that `LINE` lacks."""
    values = {
        "hobby": "repairing accordions",
        "major": "soil chemistry",
        "affiliation": "Quayside Rope Company",
        "interest": "door hinges",
        "topic": "losing a kite",
        "quote": "A slow tide still arrives.",
        "environment": "behind a crowded bakery",
        "appearance": "a fringe and round glasses",
        "clothing": "a mustard raincoat",
        "hairstyle": "a grey bob",
        "travel_experience": "across Anatolia in a milk van",
        "food_preference": "pickled plums",
        "life_event": "sold a barge",
        "MBTI": "ISTJ",
    }
    assert set(values) == set(WANTED) - set(LINE["profile"])
    return values | changed


CLEAR = {"contradictions": []}
NOTHING = {}


def reasons(draft):
    return {refusal.what: refusal.reason for refusal in draft.refusals}


def test_what_the_dialogue_tells_is_extracted_and_the_rest_invented():
    found = {
        "hobby": {"value": "repairing old accordions", "evidence": "them repairing OLD accordions"},
        "major": None,
    }
    draft, client = filled(found, CLEAR, fine(), CLEAR, dialogue=DIALOGUE)
    assert draft.values["hobby"] == "repairing old accordions"
    assert draft.generated["profile.hobby"] == {"by": "fake/one", "how": "extracted"}
    assert draft.generated["profile.major"] == {"by": "fake/one", "how": "invented"}
    # `hobby` was filled by then: what the second reply says of it is not looked at.
    assert not draft.refusals
    assert len(client.asked) == 4
    assert all("Ada Example" not in message["content"] for messages in client.asked for message in messages)


def test_without_dialogue_the_transcripts_are_read_and_without_either_nothing_is_extracted():
    draft, client = filled({"topic": {"value": "the kettle", "evidence": "the kettle is"}}, CLEAR, fine(), CLEAR)
    assert draft.generated["profile.topic"]["how"] == "extracted"
    silent = [{"path": "a.wav", "role": "reference"}]
    draft, client = filled(fine(), CLEAR, audios=silent)
    assert len(client.asked) == 2
    assert {mark["how"] for mark in draft.generated.values()} == {"invented"}


def test_a_full_profile_is_not_asked_about():
    whole = dict.fromkeys(Profile.model_fields, "x y")
    _, client = filled(profile=whole)
    assert not client.asked


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"value": "repairing accordions", "evidence": "I repair them all day"}, "not a passage"),
        ({"value": "repairing accordions", "evidence": ""}, "not a passage"),
        ({"value": "repairing accordions", "evidence": "accordions"}, "not a passage of two or more words"),
        ({"value": "repairing accordions", "evidence": "pend them repairing"}, "not a passage"),
        ({"value": "repairing accordions"}, "value and evidence"),
        ({"value": 3, "evidence": "soil chemistry"}, "texts"),
        ("repairing accordions", "value and evidence"),
        ({"value": "accordions, says Ada", "evidence": "old accordions"}, "name"),
    ],
)
def test_what_the_dialogue_does_not_say_is_not_extracted(found, reason):
    draft, client = filled(
        {"hobby": found}, {"hobby": found}, fine(hobby=None), CLEAR, fine(hobby=None), dialogue=DIALOGUE
    )
    assert "hobby" not in draft.values
    repair = client.asked[1][-1]["content"]
    assert reason in repair and "- hobby: " in repair


def test_a_given_fact_is_never_changed_and_the_attempt_is_listed():
    draft, _ = filled(NOTHING, fine(role="nurse"), CLEAR, fine(role="nurse"))
    assert draft.values["role"] == "harbour pilot"
    assert reasons(draft) == {"profile.role": "contradicts the given value, 'harbour pilot'"}
    draft, _ = filled(NOTHING, fine(role=" Harbour  PILOT "), CLEAR)
    assert draft.values["role"] == "harbour pilot"
    assert not draft.refusals


def test_a_contradiction_is_asked_for_again_and_then_left_out():
    claims = {"contradictions": ["life_event"]}
    draft, client = filled(NOTHING, fine(), claims, {"life_event": "left Trondheimfjord"}, CLEAR)
    assert draft.values["life_event"] == "left Trondheimfjord"
    assert not draft.refusals
    assert "life_event: contradicts" in client.asked[3][-1]["content"]
    draft, _ = filled(NOTHING, fine(), claims, fine(), claims)
    assert "life_event" not in draft.values
    assert reasons(draft) == {"profile.life_event": "contradicts what is given or proposed beside it"}


@pytest.mark.parametrize(
    "verdict", ["I see none.", {"contradictions": ["shoes"]}, {"contradictions": "none"}, {"contradiction": []}, [1]]
)
def test_what_nobody_could_check_is_not_taken(verdict):
    verdict = json.dumps(verdict) if not isinstance(verdict, str) else verdict
    draft, _ = filled(NOTHING, fine(), verdict, verdict, fine(), verdict, verdict)
    assert draft.values == LINE["profile"]
    assert set(reasons(draft)) == {f"profile.{field}" for field in fine()}
    assert all("could not be checked against what is given" in reason for reason in reasons(draft).values())


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Sorry, no.", "not JSON: 'Sorry, no.'"),
        ("[1]", "expected a JSON object, got a list"),
        ("[" * 5000, "not JSON"),
        ({"hobby": ["knots"]}, "expected a text"),
        ({"hobby": None}, "is missing"),
        ({"hobby": "tea\nbaking"}, "line break"),
        ({"shoe": "42"}, "is missing"),
    ],
)
def test_a_reply_that_cannot_be_used_is_quoted_once_and_leaves_things_as_they_were(reply, reason):
    draft, client = filled(NOTHING, reply, reply)
    assert draft.values == LINE["profile"]
    assert reason in reasons(draft)["profile.hobby"]
    assert len(client.asked) == 3
    system, user, assistant, repair = client.asked[2]
    assert [one["role"] for one in (system, user, assistant, repair)] == ["system", "user", "assistant", "user"]
    assert reason in repair["content"]


def test_a_fence_around_the_object_is_tolerated():
    assert read_object('```json\n{"a": 1}\n```') == read_object('Here:\n```\n{"a": 1}\n```\nDone.') == {"a": 1}


def test_clauses_keep_the_rules_and_straight_quotation_marks_are_turned():
    profile = {"role": "harbour pilot", "quote": "Slow is smooth."}
    reply = {
        "role": ["guide ships for a living as a harbour pilot", "works as a harbour pilot"],
        "quote": ['say "Slow is smooth" a lot'],
    }
    draft, client = filled(reply, {"role": ["have the job of a harbour pilot"]}, work=write_statements, profile=profile)
    assert draft.statements["role"] == [
        "guide ships for a living as a harbour pilot",
        "have the job of a harbour pilot",
    ]
    assert draft.statements["quote"] == ["say “Slow is smooth” a lot"]
    assert draft.generated["statements.role"] == {"by": "fake/one", "how": "written"}
    assert not draft.refusals
    assert "'works as a harbour pilot' does not read after" in client.asked[1][-1]["content"]


def test_a_field_without_a_good_clause_is_listed():
    draft, _ = filled({"role": ["works as a harbour pilot"]}, {"role": 3}, work=write_statements)
    assert not draft.statements
    assert reasons(draft) == {
        "statements.role": "expected a list of clauses",
        "statements.location": "expected a list of clauses",
        "statements.emotion": "expected a list of clauses",
    }


texts = st.text(max_size=30) | st.sampled_from(
    ["harbour pilot", "nurse", "ISTJ", "in Bergen", "bought a barge", "Ada", "\ud800"]
)
values = (
    st.none()
    | texts
    | st.integers()
    | st.fixed_dictionaries({"value": texts, "evidence": texts | st.just("soil chemistry")})
)
objects = st.dictionaries(
    st.sampled_from([*Profile.model_fields, "contradictions", "x"]), values | st.lists(texts, max_size=3)
)
replies = st.lists(objects.map(json.dumps) | st.text(max_size=40), max_size=12)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(replies, replies)
def test_whatever_is_replied_what_is_given_stays_and_the_line_reads_back(profile_replies, clause_replies):
    draft = Draft.of(json.dumps(LINE | {"dialogue": DIALOGUE}), "f:1")
    asyncio.run(fill_profile(draft, asker(Scripted(*profile_replies))))
    asyncio.run(write_statements(draft, asker(Scripted(*clause_replies))))
    text = draft.line({"a.png": "a.png", "a.wav": "a.wav"})
    assert len(text.splitlines()) == 1
    line = read_line(text.encode().decode(), "f:1")
    before = read_line(json.dumps(LINE | {"dialogue": DIALOGUE}), "f:1")
    for field, value in before.values().items():
        assert line.values()[field] == value
    added = set(line.values()) - set(before.values())
    assert {f"profile.{field}" for field in added} | {f"statements.{field}" for field in line.statements} == set(
        line.generated
    )
    assert (line.name, line.images, line.audios, line.dialogue) == (
        before.name, before.images, before.audios, before.dialogue,
    )  # fmt: skip


def test_a_line_that_nothing_was_added_to_is_the_text_it_was():
    media = '"images": [{"path": "a", "role": "query", "x": 1}], "audios": [{"path": "b", "role": "query"}]'
    text = f'{{"name": "Ad\\u0061",  "persona_id": "p", "profile": {{"role": null}}, {media}}}'
    draft = Draft.of(text, "f:1")
    assert draft.line({"a": "a", "b": "b"}) == text
    draft.add_value("role", "lock\u0085 keeper", "m", "invented")
    assert json.loads(draft.line({"a": "c", "b": "b"}))["images"] == [{"path": "c", "role": "query", "x": 1}]
    assert len(draft.line({"a": "a", "b": "b"}).splitlines()) == 1


def test_a_dialogue_may_be_a_text_or_turns_and_nothing_else(pool):
    for good in ("We met. I like knots.", DIALOGUE, []):
        pool.lines[0]["dialogue"] = good
        pool.save()
        assert len(read_pool(pool.folder)) == 12
    for bad in (
        3,
        [{"speaker": "me"}],
        [{"speaker": "", "text": "Hi."}],
        [{"speaker": "me", "text": "Hi.", "mood": "x"}],
    ):
        pool.lines[0]["dialogue"] = bad
        pool.save()
        with pytest.raises(PoolError, match=r"personas\.jsonl:1: .*dialogue"):
            read_pool(pool.folder)
