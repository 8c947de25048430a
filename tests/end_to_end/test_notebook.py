"""The notebook of the documentation runs from first to last cell, in a kernel of its own."""

import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "quickstart.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of the libraries that run notebooks
def test_the_notebook_runs(require_extra, tmp_path, monkeypatch):
    for name in ("nbclient", "nbformat", "ipykernel"):
        require_extra(name)
    import nbclient
    import nbformat
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class Here(KernelSpecManager):
        """Knows one kernel: this interpreter."""

        def get_kernel_spec(self, kernel_name):
            return KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])

    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    client = nbclient.NotebookClient(
        notebook, timeout=600, startup_timeout=300, resources={"metadata": {"path": str(tmp_path)}}, kernel_name="here"
    )
    client.create_kernel_manager()
    client.km.kernel_spec_manager = Here()
    client.execute()
    shown = [
        output["data"]["text/plain"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]
    assert shown[0] == "144"
    assert shown[1] == "[]"
    assert "'abstain': 50.0" in shown[3]
    assert (tmp_path / "report.html").stat().st_size > 100_000
