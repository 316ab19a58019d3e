"""The regions of an economy and what is known of each, read from ``mappings/model_regions``.

Which regions there are is data. Another list in the folder of another base year (``data/ukraine``) makes another
economy of the same estimators: nothing in this room names a region but where a source is about that region alone
(Russian cells of WIOD, manufactures of Kazakhstan).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from .series import Tables

TABLE = "mappings/model_regions"
GTAP = "gtap"
ROLES = ("member", "candidate", "partner", "rest")


@dataclass(frozen=True)
class Regions:
    """The list of regions, in the model's order, with the columns of ``mappings/model_regions``.

    ``table`` is ``gtap`` or, for a synthetic region, the prefix of its tables (``belarus``, ``ukraine``); ``role`` is
    member (of the union of 2010), candidate, partner or rest (of the world); ``detailed``: held to national accounts
    by industry and to its own schedules; ``cis_free_trade``: free trade among the CIS in 2007; ``aggregate``: trade
    inside the region pays no duty; ``tariff_pattern`` and ``bound_schedule``: see :mod:`.border` and
    :mod:`.tariff_schedules`.
    """

    frame: pd.DataFrame

    @classmethod
    def of(cls, tables: Tables) -> Regions:
        """Read and check the list.

        Raises ValueError for an unknown role, or if there is not exactly one rest of the world.
        """
        frame = tables(TABLE).set_index("region")
        unknown = sorted(set(frame["role"]) - set(ROLES))
        if unknown or list(frame["role"]).count("rest") != 1:
            raise ValueError(
                f"data/{TABLE}.csv: roles are {sorted(set(frame['role']))}; allowed are {ROLES}, 'rest' exactly once"
            )
        return cls(frame)

    @property
    def names(self) -> tuple[str, ...]:
        """All regions in the model's order."""
        return tuple(self.frame.index)

    @property
    def members(self) -> tuple[str, ...]:
        """The members of the union of 2010."""
        return self._where(self.frame["role"] == "member")

    @property
    def detailed(self) -> tuple[str, ...]:
        """Regions held to their own national accounts by industry; they have tariff schedules of their own."""
        return self._where(self.frame["detailed"].astype(bool))

    @property
    def free_traders(self) -> tuple[str, ...]:
        """Regions that charged each other no import duty in 2007: CIS free trade (1994) and EurAsEC (2000)."""
        return self._where(self.frame["cis_free_trade"].astype(bool))

    @property
    def aggregates(self) -> tuple[str, ...]:
        """Regions whose trade with themselves pays no duty (ROW's does: it is trade between unlike countries)."""
        return self._where(self.frame["aggregate"].astype(bool))

    @property
    def synthetic(self) -> dict[str, str]:
        """Regions without an input-output table, with the prefix of the tables that stand for one."""
        table = self.frame["table"]
        return {str(region): str(name) for region, name in table[table != GTAP].items()}

    @property
    def rest(self) -> str:
        """The rest of the world, which holds the synthetic regions in GTAP."""
        return self._where(self.frame["role"] == "rest")[0]

    def _where(self, keep: pd.Series) -> tuple[str, ...]:
        return tuple(self.frame.index[keep])
