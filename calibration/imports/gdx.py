"""A SAM in a GAMS data exchange file (GDX), read by GAMS' own transfer library.

``gams.transfer`` needs the libraries of a GAMS system: those of an installed GAMS, or of the package ``gamspy_base``
of the dependency group ``imports``, which needs no licence to read a file.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import label_payments
from .cells import ImportDataError, Payments, listing
from .libraries import library

SIGNATURE = b"GAMSGDX"
"""Stands among the first bytes of every GDX file."""


def read_gdx(file: Path, symbol: str | None = None) -> Payments:
    """Read a SAM from a parameter of two to four dimensions; see :func:`.arrays.label_payments`.

    ``symbol`` may be left out if the file has one such parameter. A record that GDX does not store is a payment that
    does not exist; the special value EPS is zero, and NA, UNDEF and infinities are refused. Raises
    :class:`ImportDataError`.
    """
    transfer = library("gams.transfer", "GDX files (package gamsapi)")
    container = open_container(transfer, file)
    parameters = {name: container[name] for name in container.listParameters()}
    usable = [name for name, one in parameters.items() if one.dimension in (2, 3, 4)]
    name = symbol if symbol is not None else (usable[0] if len(usable) == 1 else None)
    if name is None or name not in usable:
        said = (
            "say which parameter holds the SAM with --table" if symbol is None else f"no parameter {symbol!r}"
        )
        raise ImportDataError(
            f"{file}: {said}; parameters of two to four dimensions: {listing(usable) or 'none'}"
        )
    records = parameters[name].records
    if records is None or records.empty:
        raise ImportDataError(f"{file}, parameter {name}: it has no records")
    keys = [tuple(map(str, key)) for key in records.iloc[:, :-1].itertuples(index=False, name=None)]
    values = records.iloc[:, -1].to_numpy(float)
    where = [f"parameter {name}({', '.join(key)})" for key in keys]
    special = ~np.isfinite(values)
    if special.any():
        bad = [place for place, one in zip(where, special, strict=True) if one]
        raise ImportDataError(f"{file}: {len(bad)} record(s) are NA, UNDEF or infinite: {listing(bad)}")
    domains = [str(one) for one in parameters[name].domain_names]
    return label_payments(file, f"parameter {name}", keys, values.tolist(), where, domains)


def open_container(transfer: Any, file: Path | None = None) -> Any:
    """A container of the transfer library, filled from a file if one is given.

    Raises :class:`ImportDataError` if there is no GAMS system, or if the file is no GDX file.
    """
    try:
        system = import_module("gamspy_base").directory
    except ImportError:
        system = None  # the library then looks for an installed GAMS
    try:
        container = transfer.Container(system_directory=system)
    except Exception as error:  # the library raises ValueError or GamsException
        raise ImportDataError(
            "reading GDX files needs the libraries of a GAMS system, and none was found. Install GAMS, or the free "
            f'package of its libraries: python -m pip install "eacu[imports]" ({error})'
        ) from error
    if file is not None:
        with file.open("rb") as stream:
            if SIGNATURE not in stream.read(64):  # the library reads such a file as an empty one
                raise ImportDataError(f"{file}: cannot be read as a GDX file: it does not begin as one")
        try:
            container.read(str(file.resolve()))
        except Exception as error:
            raise ImportDataError(f"{file}: cannot be read as a GDX file: {error}") from error
    return container
