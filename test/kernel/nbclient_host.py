"""Runs notebooks with nbclient and prints what became of each: python nbclient_host.py NOTEBOOK..."""

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


print(json.dumps({path: run(path) for path in sys.argv[1:]}))
