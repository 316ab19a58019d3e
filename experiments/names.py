"""Messages for names that do not exist: say what was given, what is nearest, what is valid."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def unknown_name(kind: str, given: str, valid: Iterable[str]) -> str:
    """Describe an unknown name and the nearest valid one, e.g. ``unknown region 'KZA'; did you mean 'KAZ'?``.

    The comparison ignores case. All valid names follow, so the message is enough to repair the input.
    """
    names = list(valid)
    by_lower = {name.lower(): name for name in names}
    close = get_close_matches(given.lower(), by_lower, n=5, cutoff=0.4)
    close.sort(
        key=lambda name: sorted(name) != sorted(given.lower())
    )  # letters in the wrong order come first
    suggestion = f"; did you mean {by_lower[close[0]]!r}?" if close else "."
    listed = ", ".join(names) if names else "none"
    return f"unknown {kind} {given!r}{suggestion} Valid: {listed}."
