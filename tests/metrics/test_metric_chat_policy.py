"""When a server is asked again, how it is asked otherwise, and what of its secrets may be shown."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_persona_cal.addresses import shown_url
from omni_persona_cal.chat_policy import RequestForm, adapted, wait_seconds
from omni_persona_cal.chat_reply import MalformedReplyError, ServerError, parsed, read_reply, read_stream
from omni_persona_cal.masking import Mask

# ---- waits

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7.5 "}, 7.5),
        ({"retry-after": "7s"}, 7.0),
        ({"retry-after": "250ms"}, 0.25),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "7000"}, 60.0),
        ({"retry-after": format_datetime(NOON + timedelta(seconds=12)), "date": format_datetime(NOON)}, 12.0),
        ({"retry-after": format_datetime(NOON + timedelta(days=12)), "date": format_datetime(NOON)}, 60.0),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_wait_that_a_server_asks_for_is_kept_up_to_a_limit(headers, seconds):
    assert wait_seconds(headers, 1) == pytest.approx(seconds)


def test_a_date_counts_from_now_where_the_server_tells_no_time():
    before = datetime.now(timezone.utc)
    later = before.replace(microsecond=0) + timedelta(seconds=50)
    waits = wait_seconds({"retry-after": format_datetime(later, usegmt=True)}, 1)
    assert (later - datetime.now(timezone.utc)).total_seconds() <= waits <= (later - before).total_seconds()


@pytest.mark.parametrize(
    "headers",
    [{}]
    + [
        {"retry-after": text}
        for text in ("", "0", "0.0", "-1", "nan", "inf", "1e9", "soon", "9" * 400, "Wed, 21 Oct 2015 07:28:00 GMT")
    ],
    ids=lambda headers: headers.get("retry-after", "none")[:12] or "empty",
)
def test_waits_grow_where_none_is_asked_for_and_never_make_a_tight_loop(headers):
    for attempt, wanted in ((1, 1), (2, 2), (3, 4), (30, 60), (10**6, 60)):
        assert 0.75 * wanted <= wait_seconds(headers, attempt) <= 1.25 * wanted
    assert wait_seconds(headers, 3, first_wait=0.5, longest=1) <= 1.25


# ---- other forms

LIMIT = {"temperature": 0, "max_tokens": 9}


@pytest.mark.parametrize(
    ("complaint", "form"),
    [
        ("'temperature' does not support 0", RequestForm(dropped=frozenset({"temperature"}))),
        ("use max_completion_tokens", RequestForm(newer_limit=True)),
        ("Unsupported parameter: 'max_tokens'", RequestForm(newer_limit=True)),
        ("max_tokens is too large: 9", None),
        ("the picture is broken", None),
        ("audio is not supported", RequestForm(clips="audio_url", refused_clips=frozenset({"input_audio"}))),
    ],
)
def test_what_is_complained_of_is_written_otherwise(complaint, form):
    assert adapted(RequestForm(), LIMIT, complaint, with_clips=True) == form


@given(st.text(alphabet="temperatursdo_pkax ,'udio", max_size=60), st.booleans())
def test_a_form_changes_only_a_few_times_whatever_a_server_says(complaint, with_clips):
    settings = {**LIMIT, "top_p": 1, "seed": 1, "response_format": {}}
    form, seen = RequestForm(), set()
    while form is not None:
        assert form not in seen
        seen.add(form)
        form = adapted(form, settings, complaint, with_clips=with_clips)
    assert len(seen) <= 12


# ---- replies of any shape

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "error", "code", "finish_reason", "usage", "refusal", "type", "text"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_a_reply_of_any_shape_is_read_or_refused(value):
    try:
        reply = read_reply(value)
    except (MalformedReplyError, ServerError) as error:
        assert 0 < len(str(error)) < 400
    else:
        assert isinstance(reply.text, str)
        assert reply.thinking is None or isinstance(reply.thinking, str)


@given(st.lists(st.binary(max_size=30).map(lambda line: b"data: " + line) | st.just(b"data: [DONE]"), max_size=5))
def test_a_stream_of_any_lines_is_read_or_refused(lines):
    with suppress(MalformedReplyError, ServerError):
        assert read_stream(lines).text == ""


def test_deep_nesting_is_no_recursion():
    with pytest.raises(MalformedReplyError):
        parsed(b"[" * 10**6)
    deep: dict = {}
    for _ in range(5000):
        deep = {"choices": deep}
    with pytest.raises(MalformedReplyError):
        read_reply(deep)


# ---- secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
        ("https://me:word@host/v1?api_key=1#x", "https://host/v1"),
        ("https://me:wo/rd@host/v1", "https://host/v1"),
        ("https://me:w@rd@host/v1", "https://host/v1"),
        ("http://[::1", "***"),
        ("https://host/v1/@org/model", "https://host/v1/@org/model"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url, shown):
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    "text",
    [
        "see https://me:letmein@host/v1",
        "GET https://host/v1?api_key=letmein HTTP/1.1",
        "{'Authorization': 'Bearer letmein'}",
        '{"authorization": "Basic letmein"}',
        "Authorization: letmein",
        "headers {'x-api-key': 'letmein'}",
        "api_key=letmein&x=1",
        "sent Bearer letmeinletmeinletmein",
        "key sk-letmeinletmein",
        "token hf_letmeinletmein",
    ],
)
def test_what_looks_secret_is_hidden_in_messages(text):
    assert "letmein" not in Mask(()).message(text)


def test_what_a_model_writes_keeps_all_but_known_secrets():
    mask = Mask.of_endpoint("http://me:pass%2Fword@host/v1?version=1&sig=abcdefgh", "sk-0123456789")
    said = "She does basic training, version 1; Authorization: none; https://a@b/c?d=e."
    assert mask.text(said) == said
    hidden = mask.text("sk-0123456789 pass/word pass%2Fword abcdefgh bWU6cGFzcy93b3Jk")
    assert hidden == "*** *** *** *** ***"


@pytest.mark.parametrize("key", ["none", "EMPTY", "x", ""])
def test_a_key_that_is_a_placeholder_hides_no_words(key):
    assert Mask.of_endpoint("http://host/v1", key).text("none of these is EMPTY: x") == "none of these is EMPTY: x"


def test_a_message_is_one_short_line_without_control_characters():
    message = Mask(()).message("a\x1b[31m red\r\nline\x07 \u202e end " + "x" * 10**6)
    assert message.startswith("a [31m red line end xxx")
    assert len(message) == 300
    assert message.isprintable()


def test_secrets_of_the_environment_are_hidden(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "letmein-1")
    monkeypatch.setenv("SOME_TOKEN", "letmein-2")
    monkeypatch.setenv("MONKEY", "letmein-3")
    assert Mask.of_environment().text("letmein-1 letmein-2 letmein-3") == "*** *** letmein-3"
