"""Which options ``eacu sensitivity`` reads for which question; one that would not be read is refused, not dropped."""

from __future__ import annotations

from collections.abc import Collection

from ..experiments.sensitivity.factors import SensitivityError
from ..experiments.sensitivity.sweep import ALL_METHODS
from ..model.names import unknown_name

CLOSURES = "closures"
METHODS = (*ALL_METHODS, CLOSURES)
RANDOM = ("monte-carlo", "quasi-random", "sobol", "morris")
"""Methods whose points are drawn."""
ALWAYS = frozenset({"method", "of", "all_regions", "table", "as_json"})
_UNCERTAIN = frozenset({"factors", "distributions", "spread", "closure", "derivatives"})
_BASES = frozenset({"base_year", "base_years", "sams", "closures"})
_SOLVING = frozenset({"workers", "scheduler", "keep", "resume"})
READ = {
    CLOSURES: frozenset({"base_year", "workers"}),
    "local": _UNCERTAIN | _BASES,
    "quadrature": _UNCERTAIN | _BASES | _SOLVING,
    **{method: _UNCERTAIN | _BASES | _SOLVING | {"draws", "seed"} for method in RANDOM},
}
"""The options that each method reads, besides those of :data:`ALWAYS`."""
WHY = {
    CLOSURES: "which solves the regimes once under each closure and varies nothing else",
    "local": "which solves nothing but the regimes themselves",
    "quadrature": "whose points follow from the factors, two for each",
}
DRAWN = ("draws", "seed")


def chosen_method(method: str | None, given: Collection[str], sams: int) -> str:
    """The method named, or by default quadrature; who asks for draws without naming a method gets random ones.

    Args:
        method: as given, or None.
        given: names of the options that the user wrote.
        sams: number of SAMs to draw, which a seed may be for.

    Raises SensitivityError for an unknown method.
    """
    if method is None:
        return "monte-carlo" if "draws" in given or ("seed" in given and not sams) else "quadrature"
    if method not in METHODS:
        raise SensitivityError(unknown_name("method", method, METHODS))
    return method


def refuse_unread(given: Collection[str], method: str) -> None:
    """Raise SensitivityError for an option that the question as a whole does not read.

    Args:
        given: names of the options that the user wrote, as parameters of the command.
        method: one of :data:`METHODS`.
    """
    several = [name for name in ("base_years", "sams") if name in given]
    read = ALWAYS | READ[method] | ({"seed"} if "sams" in given else frozenset())
    for name in given:
        if name not in read:
            others = ", ".join(other for other in METHODS if name in READ[other])
            raise SensitivityError(
                f"{_flag(name)} is not read by --method {method}, {WHY[method]}: leave it out, or choose another "
                f"method ({others})"
            )
    if several and "base_year" in given:
        raise SensitivityError(
            f"--base-year is not read beside {_flag(several[0])}, which says itself on which base years to solve: "
            "leave it out, or name it in --base-years"
        )
    if "closures" in given and not several:
        raise SensitivityError(
            "--closures and --no-closures belong to --sams and --base-years; for closures alone take --method closures"
        )
    if several and "derivatives" in given:
        raise SensitivityError(
            f"--derivatives are those of one base year: leave it or {_flag(several[0])} out"
        )
    if "derivatives" in given and "as_json" not in given:
        raise SensitivityError("--derivatives adds rows to the JSON document: add --json")
    if "scheduler" in given and "workers" in given:
        raise SensitivityError(
            "--workers are processes of this machine, --scheduler solves on a cluster: name one of the two"
        )
    if "resume" in given and "keep" not in given:
        raise SensitivityError("--resume needs the folder that the sweep was kept in: add --keep FOLDER")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
