"""Runs notebooks with nbclient and writes what became of each: python nbclient_host.py RESULTS.json NOTEBOOK..."""

import json
import sys

import nbformat
from nbclient import NotebookClient


def run(path):
    notebook = nbformat.read(path, as_version=4)
    timeout = 3 if "busy" in path else 60
    client = NotebookClient(notebook, timeout=timeout, kernel_name="tslab")
    try:
        client.execute()
        outcome = "passed"
    except Exception as error:
        outcome = type(error).__name__
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {"outcome": outcome, "outputs": [cell.outputs for cell in cells]}


# Into a file: the kernels inherit this process's stdout and may write there, too.
with open(sys.argv[1], "w", encoding="utf-8") as results:
    json.dump({path: run(path) for path in sys.argv[2:]}, results)
