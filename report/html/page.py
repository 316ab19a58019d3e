"""Lay a study out as one HTML page that holds everything it needs: style, plots and the library that draws them."""

from __future__ import annotations

import base64
import gzip
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from .evidence import checks
from .figures import specification
from .sections import all_sections
from .study import Study

TEMPLATES = "templates"


def render(study: Study) -> str:
    """The whole page."""
    environment = Environment(
        loader=PackageLoader(__package__ or "eacu.report.html", TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["specification"] = lambda figure: Markup(specification(figure))
    environment.filters["unbroken"] = unbroken
    found = checks(study)
    return environment.get_template("report.html.j2").render(
        study=study,
        sections=all_sections(study),
        failed=int((~found["passed"]).sum()),
        checked=len(found),
        plotly=Markup(compressed_plotly()),
    )


def unbroken(text: str) -> str:
    """The text with spaces that no line break may take, between a number and its unit."""
    return text.replace(" %", "\u00a0%").replace("USD ", "USD\u00a0").replace(" mn", "\u00a0mn")


def write(study: Study, file: Path) -> Path:
    """Write the page under a temporary name beside its own, and rename it when it is complete."""
    text = render(study)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.stem}-", suffix=".html", dir=file.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        temporary.chmod(0o644)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return file


@lru_cache(maxsize=1)
def compressed_plotly() -> str:
    """The plotting library, compressed and in base64: a third of its size, unpacked by the browser itself."""
    return base64.b64encode(gzip.compress(get_plotlyjs().encode("utf-8"), mtime=0)).decode("ascii")
