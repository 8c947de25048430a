"""What stands in place of a dataset's Parquet file is never opened before it is known to be a regular file."""

import pytest
from no_files import NO_FILES

import omni_persona
from omni_persona_artifacts.build_record import read_build_record
from omni_persona_artifacts.data_files import data_files, dataset_fingerprint, dataset_state
from omni_persona_artifacts.dataset_folder import DatasetFolder, media_digests
from omni_persona_build.checks import check

READERS = {
    "files": data_files,
    "fingerprint": dataset_fingerprint,
    "state": dataset_state,
    "record": read_build_record,
    "rows": lambda folder: list(omni_persona.read(folder)),
    "folder": DatasetFolder,
    "digests": media_digests,
    "checks": check,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", NO_FILES)
def test_a_data_file_that_is_no_regular_file_is_refused(tmp_path, reader, kind):
    (tmp_path / "data").mkdir()
    NO_FILES[kind](tmp_path / "data" / "test-00000-of-00001.parquet")
    with pytest.raises(ValueError, match=r"parquet: expected a Parquet file of a dataset, got no"):
        READERS[reader](tmp_path)
