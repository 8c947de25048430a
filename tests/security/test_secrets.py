"""No key, password or query of an address comes to light: on the terminal, in a file, or in a file's name."""

from __future__ import annotations

import base64
import json
import sys

import pytest
import rows
from faulty_server import completion, error, serving

from omni_persona_cli.app import main

KEY = "sk-very-secret-key"
SECRETS = (KEY, "secretword", "letmein-12345", base64.b64encode(b"me:secretword").decode())


@pytest.fixture
def command(tmp_path, monkeypatch, capfd):
    """Runs a command in an empty folder; its exit code, and all that it printed and left there, names included."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["omni-persona", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = "".join(capfd.readouterr())
        left = [file for file in tmp_path.rglob("*") if "data" not in file.parts]
        names = "\n".join(str(file.relative_to(tmp_path)) for file in left)
        held = "\n".join(file.read_text(errors="replace") for file in left if file.is_file())
        return stopped.value.code, printed, names + "\n" + held

    return call


def secret_address(server):
    return server.url.replace("//", "//me:secretword@") + "?api_key=letmein-12345"


def echoing(reply):
    """A server that says all that it was sent of headers and address, as `reply(text)` puts it."""

    def script(number, body):
        server = served[0]
        return reply(json.dumps(server.headers[-1]) + " " + server.paths[-1])

    served: list = []
    return script, served


REPLIES = {
    "an answer": lambda echo: completion(f"CORRECT {echo}"),
    "a refusal": lambda echo: completion(None, message={"refusal": echo}),
    "400": lambda echo: error(400, echo),
    "401": lambda echo: error(401, echo),
    "500": lambda echo: error(500, echo),
    "another kind of body": lambda echo: [echo],
}


@pytest.mark.parametrize("debug", [(), ("--debug",)], ids=["plainly", "with a traceback"])
@pytest.mark.parametrize("kind", REPLIES)
def test_run_and_judge(command, write_dataset, tmp_path, monkeypatch, kind, debug):
    monkeypatch.setattr("omni_persona_cal.chat.wait_seconds", lambda *args, **kwargs: 0.01)
    data = write_dataset(tmp_path / "data", [rows.make_row(index) for index in range(2)])
    script, served = echoing(REPLIES[kind])
    with serving(script) as server:
        served.append(server)
        asked = ("--model", "m", "--endpoint", secret_address(server), "--dataset", data, "--out", "run")
        code, printed, left = command("run", *asked, *debug)
        assert (code == 0) == (kind == "an answer")
        assert not [secret for secret in SECRETS if secret in printed + left]
        command("run", "--model", "baseline:nearest", "--dataset", data, "--out", "nearest")
        judged = ("--judge", "openai", "--judge-url", secret_address(server), "--judge-model", "m")
        _, printed, left = command("judge", "nearest", *judged, *debug)
        assert not [secret for secret in SECRETS if secret in printed + left]
        assert served[0].requests


@pytest.mark.parametrize("kind", REPLIES)
def test_refine(command, pool, monkeypatch, kind):
    monkeypatch.setattr("omni_persona_cal.chat.wait_seconds", lambda *args, **kwargs: 0.01)
    script, served = echoing(REPLIES[kind])
    with serving(script) as server:
        served.append(server)
        asked = ("--pool", pool.folder, "--endpoint", secret_address(server), "--model", "m", "--only", "questions")
        _, printed, left = command("refine", *asked, "--out", "refined", "--debug")
        assert served[0].requests
    assert not [secret for secret in SECRETS if secret in printed + left]


def test_an_address_that_is_none_is_refused_without_its_secrets(command, write_dataset, tmp_path):
    data = write_dataset(tmp_path / "data", [rows.make_row(0)])
    for address in (
        "http://me:secretword@/v1?api_key=letmein-12345",
        "ftp://me:secretword@host",
        "http://me:secretword@h:x",
    ):
        asked = ("--model", "m", "--endpoint", address, "--dataset", data, "--out", "run")
        code, printed, _ = command("run", *asked, "--debug")
        assert code == 1
        assert "expected an endpoint such as" in printed
        assert "secretword" not in printed
        assert "letmein" not in printed


def test_a_key_that_no_header_can_hold_is_refused_without_it(command, write_dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secretword\nHost: elsewhere")
    data = write_dataset(tmp_path / "data", [rows.make_row(0)])
    asked = ("--model", "m", "--endpoint", "http://127.0.0.1:9/v1", "--dataset", data, "--out", "run")
    code, printed, _ = command("run", *asked)
    assert code == 2
    assert "OPENAI_API_KEY to be printable ASCII" in printed
    assert "secretword" not in printed


SURROUNDINGS = {
    "a scheme that is none": ("HTTPS_PROXY", "foo://user:s3cret@host"),
    "a SOCKS proxy": ("ALL_PROXY", "socks5://user:s3cret@127.0.0.1:9"),
    "no address": ("HTTPS_PROXY", "http://user:s3cret@[::bad"),
    "a port that is none": ("HTTPS_PROXY", "http://user:s3cret@host:x"),
    "no certificates": ("SSL_CERT_FILE", "/nowhere"),
    "a folder of certificates that is none": ("SSL_CERT_FILE", "/"),
}


@pytest.mark.parametrize("case", SURROUNDINGS)
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(monkeypatch, case):
    """In one line that names the variables; some kinds need a package, and then connect to nothing."""
    import asyncio

    from omni_persona_cal.chat import ChatClient, EndpointError, NoReplyError

    name, value = SURROUNDINGS[case]
    for one in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(one, raising=False)
        monkeypatch.delenv(one.lower(), raising=False)
    monkeypatch.setenv(name, value)

    async def ask():
        async with ChatClient("https://10.255.255.1:9/v1", "m", attempts=1, timeout=60) as client:
            await client.ask([{"role": "user", "content": "hello"}], {})

    with pytest.raises((ValueError, EndpointError, NoReplyError)) as caught:
        asyncio.run(ask())
    assert "s3cret" not in str(caught.value) and "\n" not in str(caught.value)
    assert "https://10.255.255.1:9/v1" in str(caught.value)
