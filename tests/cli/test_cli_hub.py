"""From people to a repository: `build` with its checks, then `push` to a server that speaks as the Hub does."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import this_process

from omni_persona_people.invent import EMBEDDED_POOL

TOKEN = "hf_" + "s" * 34

SMALL = """
name: small
tasks:
  visual_to_bio: {answerable: 4, absent_persona: 2, absent_attribute: 2}
  voice_to_image: {answerable: 4, absent_persona: 2, absent_attribute: 2}
  semantic_to_emotion: {answerable: 4, absent_persona: 2, absent_attribute: 2}
  dialogue_to_environment: {answerable: 4, absent_persona: 2, absent_attribute: 2}
"""


class Hub:
    """A Hub of one private repository that keeps small files, and may refuse commits."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.commits: list[list[str]] = []
        self.refuses = False
        self.authorized: set[str | None] = set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, {"id": "org/omni-persona", "private": True, "siblings": [], "tags": []})

            def do_POST(self) -> None:
                hub.authorized.add(self.headers["Authorization"])
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/api/repos/create":
                    self._answer(200, {"url": f"{hub.address}/datasets/org/omni-persona"})
                elif self.path == "/api/validate-yaml":
                    self._answer(200, {"errors": [], "warnings": []})
                elif "/preupload/" in self.path:
                    paths = [file["path"] for file in json.loads(body)["files"]]
                    files = [
                        {"path": path, "uploadMode": "regular", "shouldIgnore": False, "oid": hub.oid(path)}
                        for path in paths
                    ]
                    self._answer(200, {"files": files})
                elif hub.refuses:
                    self._answer(400, {"error": "the commit was cut off"})
                else:
                    lines = [json.loads(line) for line in body.splitlines()]
                    new = {line["value"]["path"]: line["value"]["content"] for line in lines if line["key"] == "file"}
                    hub.files |= {path: base64.b64decode(content) for path, content in new.items()}
                    hub.commits.append(sorted(new))
                    self._answer(
                        200, {"commitUrl": f"{hub.address}/datasets/org/omni-persona/commit/0", "commitOid": "0" * 40}
                    )

            def _answer(self, status: int, content: dict) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def oid(self, path: str) -> str | None:
        """Git's own name of a file's content."""
        data = self.files.get(path)
        return None if data is None else hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@pytest.fixture
def hub():
    hub = Hub()
    thread = threading.Thread(target=hub.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield hub
    hub.server.shutdown()
    thread.join()
    hub.server.server_close()


def _call(cwd: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "omni_persona_cli", *arguments],
        cwd=cwd,
        env=os.environ | {"HF_HOME": str(cwd / "hf"), "COLUMNS": "160"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def built(shared_pool, tmp_path_factory):
    """The folder that `build` wrote into, and what it said."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    command = ("build", "--pool", str(shared_pool.folder), "--recipe", "small.yaml", "--license", "apache-2.0")
    done = this_process.call(command, folder, HF_HUB_OFFLINE="1", COLUMNS="160")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_a_build_is_checked_and_its_card_says_so(built):
    folder, said = built
    assert "checks pass" in said
    card = (folder / "omni-persona" / "README.md").read_text(encoding="utf-8")
    assert card.count("| pass |") >= 16
    assert "**FAIL**" not in card
    assert "license: apache-2.0" in card


@pytest.mark.slow
def test_a_push_that_was_cut_off_goes_on_and_a_third_sends_nothing(built, hub):
    folder, _ = built
    push = ("push", "omni-persona", "--repo", "org/omni-persona", "--yes")
    hub.refuses = True
    first = _call(folder, *push, HF_ENDPOINT=hub.address, HF_TOKEN=TOKEN)
    assert first.returncode == 2
    assert "the commit was cut off" in first.stderr
    assert hub.files == {}
    hub.refuses = False
    second = _call(folder, *push, HF_ENDPOINT=hub.address, HF_TOKEN=TOKEN)
    assert second.returncode == 0, second.stderr
    assert "private" in second.stdout
    assert hub.commits == [
        [
            *("README.md", "croissant.json", "data/construction.parquet", "data/test-00000-of-00001.parquet"),
            *("eval.yaml", "example/face.png", "example/query.png", "example/voice.wav"),
        ]
    ]
    assert b"checks pass, " in hub.files["README.md"]
    for name, content in hub.files.items():
        assert (folder / "omni-persona" / name).read_bytes() == content
    third = _call(folder, *push, HF_ENDPOINT=hub.address, HF_TOKEN=TOKEN)
    assert third.returncode == 0, third.stderr
    assert len(hub.commits) == 1
    assert hub.authorized == {f"Bearer {TOKEN}"}
    for done in (first, second, third):
        assert TOKEN not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_failed_check_is_said_loudly_and_the_folder_kept(tmp_path):
    recipe = tmp_path / "lopsided.yaml"
    recipe.write_text("name: lopsided\ntasks:\n  visual_to_bio: {answerable: 6}\n", encoding="utf-8")
    command = ("build", "--pool", str(EMBEDDED_POOL), "--recipe", str(recipe), "--out", "o")
    done = _call(tmp_path, *command)
    assert done.returncode == 1
    assert "A check failed: o is not a fair benchmark. It was kept, and its card reports the failure." in done.stderr
    card = (tmp_path / "o" / "README.md").read_text(encoding="utf-8")
    assert "| balance | **FAIL** | unanswerable: all 0 %" in card
    unchecked = _call(tmp_path, *command, "--no-check", "--overwrite")
    assert unchecked.returncode == 0, unchecked.stderr
    assert "Not checked yet" in (tmp_path / "o" / "README.md").read_text(encoding="utf-8")
    assert _call(tmp_path, "check", "--write", "o").returncode == 1
    assert (tmp_path / "o" / "README.md").read_text(encoding="utf-8") == card
