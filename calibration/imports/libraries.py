"""Libraries that only an import needs: asked for when they are used, and named when they are not there."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .cells import ImportDataError


def library(module: str, what_for: str) -> ModuleType:
    """Import a library of the dependency group ``imports``.

    Raises :class:`ImportDataError` saying how to install it if it is not there.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportDataError(
            f"reading {what_for} needs the Python package {module.partition('.')[0]}, which is not installed "
            f'({error}). Install it with: python -m pip install "eacu[imports]"'
        ) from error
