"""A SAM in a header-array file (HAR), the format of GTAP and GEMPACK."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from .arrays import array_payments
from .cells import ImportDataError, Payments, listing
from .libraries import library


def read_har(file: Path, header: str | None = None) -> Payments:
    """Read a SAM from one header of the file; see :func:`.arrays.array_payments` for its dimensions.

    ``header`` may be left out if only one header has two to four dimensions, of which two share their set. Raises
    :class:`ImportDataError`.
    """
    harpy = library("harpy", "header-array files (package harpy3)")
    try:
        # the library prints what it skips, and of a damaged file a trace of itself
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            content = harpy.HarFileObj()
            content.readHeaderArrayObjs(str(file))
    except Exception as error:  # the library raises what comes: struct.error, KeyError, AssertionError
        raise ImportDataError(f"{file}: cannot be read as a header-array file: {error}") from error
    found: dict[str, Any] = {one["name"].strip(): one for one in content["head_arrs"] if _is_array(one)}
    name = _choose(file, header, found)
    sets = found[name]["sets"] or []
    elements = [one["dim_desc"] for one in sets]
    if not elements or any(one is None for one in elements):
        raise ImportDataError(
            f"{file}, header {name}: its dimensions have no set elements, so no account has a name"
        )
    names = [str(one["name"]).strip() for one in sets]
    return array_payments(file, f"header {name}", found[name]["array"], names, elements)


def _is_array(header: Any) -> bool:
    array = header["array"]
    return getattr(array, "ndim", 0) in (2, 3, 4) and array.dtype.kind in "fi"


def _choose(file: Path, wanted: str | None, found: dict[str, Any]) -> str:
    if wanted is None and len(found) == 1:
        return next(iter(found))
    if wanted is not None and wanted in found:
        return wanted
    said = (
        "say which header holds the SAM with --table" if wanted is None else f"there is no header {wanted!r}"
    )
    raise ImportDataError(f"{file}: {said}; headers of two to four dimensions: {listing(found) or 'none'}")
