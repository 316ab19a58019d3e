"""Economies built by earlier runs of this process, for the next run on the same base year.

Building, compiling and replicating an economy takes as long as solving several regimes on it, and a session solves
regimes in many runs. An economy is lent to one run at a time and comes back when that run has ended well: two runs
at once (in threads, say) never share one, and what an error leaves behind is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base_year import BaseYear
    from .run import Workbench

MOST = 4
"""Economies kept, those used last: one of the shipped size takes some 50 MB."""


@dataclass
class KeptEconomies:
    """Built economies by base year and name of what they were built for (`eacu.experiments.run.Setup.name`).

    Attributes:
        most: how many are kept.
    """

    most: int = MOST
    _kept: list[tuple[BaseYear, str, Workbench]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def take(self, base: BaseYear, names: Iterable[str]) -> dict[str, Workbench]:
        """Those of the names that are kept for this base year; they are the caller's until given back."""
        wanted = set(names)
        with self._lock:
            mine = [name in wanted and _same(own, base) for own, name, _ in self._kept]
            found = {entry[1]: entry[2] for entry, take in zip(self._kept, mine, strict=True) if take}
            self._kept = [entry for entry, take in zip(self._kept, mine, strict=True) if not take]
        return found

    def give(self, base: BaseYear, economies: dict[str, Workbench]) -> None:
        """Keep economies for a later `take`, and of all only those given last."""
        with self._lock:
            self._kept += [(base, name, economy) for name, economy in economies.items()]
            del self._kept[: max(0, len(self._kept) - self.most)]

    def clear(self) -> None:
        """Keep none."""
        with self._lock:
            self._kept.clear()


def _same(one: BaseYear, other: BaseYear) -> bool:
    """Whether two base years are made of the very same objects: nothing is compared by value."""
    return one.benchmark is other.benchmark and one.schedules is other.schedules and one.firms is other.firms


KEPT = KeptEconomies()
"""The economies of this process."""
