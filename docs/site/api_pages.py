"""The pages of the API: the public face first, then each room with the modules a user may want to call."""

from __future__ import annotations

import eacu

ROOMS = {
    "data": ("Published figures and a loader that refuses holes.", ["eacu.data"]),
    "calibration": (
        "From published figures to the social accounting matrix and the benchmark.",
        ["sam", "sam_check", "balancing", "build", "benchmark", "market_structure"],
    ),
    "model": (
        "The economy: what may be fixed, who adjusts, what a solution can tell.",
        [
            *("economy", "instruments", "choices", "closures", "results", "indicators"),
            *("derivatives", "explain", "welfare", "trade_effects", "checks"),
        ],
    ),
    "model.engine": (
        "Compile a Pyomo model and solve it.",
        ["compile", "solve", "complementarity", "errors"],
    ),
    "experiments": (
        "What is done with solved economies.",
        ["base_year", "shocks", "targets", "paths", "path_run", "reproduce", "claims", "ladder"],
    ),
    "report": (
        "Tables, files, the catalogue of runs.",
        ["runfolder", "catalogue", "export", "tables", "plots"],
    ),
}


def api_pages() -> dict[str, str]:
    """Markdown by page, with the marks that mkdocstrings fills in from the docstrings."""
    names = "\n\n".join(f"::: eacu.{eacu._HOME[name]}.{name}" for name in eacu.__all__)
    return {
        "api/index.md": f"# The names of eacu\n\nAll of them stand in `import eacu`.\n\n{names}\n",
        **{f"api/{room}.md": room_page(room, words, modules) for room, (words, modules) in ROOMS.items()},
    }


def room_page(room: str, words: str, modules: list[str]) -> str:
    """One room: what it is for, then its modules."""
    paths = [name if name.startswith("eacu") else f"eacu.{room}.{name}" for name in modules]
    parts = "\n\n".join(f"## {path.removeprefix('eacu.')}\n\n::: {path}\n{OPTIONS}" for path in paths)
    return f"# {room}\n\n{words}\n\n{parts}\n"


OPTIONS = "    options: { show_root_heading: false, show_root_toc_entry: false }"
