"""Messages for names that do not exist: say what was given, what is nearest, what is valid."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CUTOFF = 0.55
"""How alike two names must be (ratio of `difflib`) for one to be offered; 0.4 offers *mobile* for *nope*."""


def unknown_name(kind: str, given: str, valid: Iterable[str]) -> str:
    """Describe an unknown name and the nearest valid one, e.g. ``unknown region 'KZA'; did you mean 'KAZ'?``.

    All valid names follow, so the message is enough to repair the input.
    """
    names = list(valid)
    close = closest(given, names)
    suggestion = f"; did you mean {close!r}?" if close else "."
    return f"unknown {kind} {given!r}{suggestion} Valid: {', '.join(names) or 'none'}."


def nearest(given: str, valid: Iterable[str]) -> str:
    """What to add to a message that has named the unknown name already; all names only where none is near."""
    names = list(map(str, valid))
    close = closest(given, names)
    return f" Did you mean {close!r}?" if close else f" Known: {', '.join(names)}."


def closest(given: str, valid: Iterable[str]) -> str | None:
    """The valid name nearest to the one given, or None; case does not matter, letters in the wrong order come first."""
    by_lower = {name.lower(): name for name in valid}
    wanted = str(given).lower()
    close = get_close_matches(wanted, by_lower, n=5, cutoff=CUTOFF)
    close.sort(key=lambda name: sorted(name) != sorted(wanted))
    return by_lower[close[0]] if close else None
