"""Griffe extension: the docstrings' reStructuredText (mathematics, literals, roles) becomes Markdown."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import griffe

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from build_equations import markdown

ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):`~?([^`]+)`")


class Docstrings(griffe.Extension):
    """Translate every docstring before it is parsed into sections."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring:
            text = re.sub(
                r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE
            )  # code, not a quotation
            obj.docstring.value = markdown(ROLE.sub(r"`\1`", text))
