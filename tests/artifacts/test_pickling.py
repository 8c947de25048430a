"""What is said to another process arrives."""

import pickle

from omni_persona_artifacts.pickling import picklable
from omni_persona_runner.model import ModelError


def test_an_error_survives_the_way_to_another_process():
    failed = pickle.loads(pickle.dumps(picklable(ModelError("sample_1__aug_0", "broken"))))
    assert (failed.item_id, failed.message, str(failed)) == (
        "sample_1__aug_0",
        "broken",
        "item sample_1__aug_0: broken",
    )

    class LocalError(Exception):
        """Cannot be taken apart."""

    # Can be taken apart, and not put together again.
    peculiar = UnicodeDecodeError("utf-8", b"x", 0, 1, "why")
    peculiar.args = ("why",)
    for error, expected in ((LocalError("why"), "LocalError: why"), (peculiar, "UnicodeDecodeError: ")):
        assert str(pickle.loads(pickle.dumps(picklable(error)))).startswith(expected)
