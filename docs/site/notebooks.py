"""A notebook as a page, its outputs below the cells."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import MarkdownExporter


def notebook_page(file: Path) -> str:
    """Markdown of a notebook with its outputs; a cell that fails stops the build."""
    body, _ = MarkdownExporter().from_notebook_node(executed(file))
    body = re.sub(r"<style scoped>.*?</style>", "", body, flags=re.DOTALL)
    return re.sub(r"<table[^>]*>", "<table>", body)  # the site has one style for all tables


def executed(file: Path) -> Any:
    """The notebook with its outputs."""
    notebook = nbformat.read(file, as_version=4)
    with TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        quiet = ["--IPKernelApp.log_level=ERROR"]
        client = NotebookClient(notebook, timeout=120, resources=resources, extra_arguments=quiet)
        client.execute()
    return notebook
