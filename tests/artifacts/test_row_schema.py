"""The schema that is written without importing `datasets` is the one that `datasets` makes."""

import subprocess
import sys

import omni_persona
from omni_persona_artifacts.row_schema import row_schema


def test_the_schema_is_that_of_datasets():
    assert row_schema().equals(omni_persona.features().arrow_schema, check_metadata=True)


def test_it_costs_no_import_of_datasets():
    asked = "import sys; from omni_persona_artifacts.row_schema import row_schema; row_schema(); "
    asked += "print({'datasets', 'pandas'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
