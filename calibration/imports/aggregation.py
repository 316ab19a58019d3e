"""From a release's countries and industries to eacu's regions and sectors.

Countries are summed. Industries are summed, and those that are wider than a sector of eacu are divided cell by cell in
the proportions of a reference table: a cell (seller's industry :math:`S` in :math:`r`, buyer's industry :math:`U` in
:math:`s`) gives sector :math:`i` bought by :math:`u` the share

.. math:: R_{ri,su} / \\sum_{i' \\in S, u' \\in U} R_{ri',su'}

and, where the reference has nothing there, the share of the product of the sectors' sizes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..benchmark import FINAL_USERS
from .cells import ImportDataError, listing
from .mapping import DROP, AccountMap
from .mrio import Mrio
from .world_table import WorldTable

Groups = dict[str, list[int]]
"""Positions of the targets of every source."""
CLEAR = 0.25
"""Taxes and subsidies of the reference are a pattern where what is left of them is at least this part of both."""


def aggregate(
    release: Mrio, countries: dict[str, str], mapping: AccountMap, reference: WorldTable
) -> WorldTable:
    """The release at the regions and sectors of the reference, whose regions may be more than the release has.

    ``countries`` maps the release's countries to regions.

    Raises:
        ImportDataError: countries, industries or categories of final demand that are not mapped, or have a target that
            the reference does not know.
    """
    goods = _groups(release, "sector", release.use.index.get_level_values(1), mapping, reference.sectors)
    final = _groups(release, "final", release.final.columns.get_level_values(1), mapping, FINAL_USERS)
    strangers = sorted(set(release.use.index.get_level_values(0)) - set(countries))
    if strangers:
        raise ImportDataError(
            f"{release.file}: {len(strangers)} countries are not mapped: {listing(strangers)}. Add rows region,<code>,"
            f"<region> to the mapping; the regions are {', '.join(reference.regions)}."
        )
    users = goods | {name: [len(reference.sectors) + n for n in places] for name, places in final.items()}
    home, traded = _sum_countries(release, countries, reference, list(goods), list(users))
    taxes, added = _inputs(release, countries, reference, list(goods), list(users))
    split = _Split(reference, list(goods.values()), list(users.values()))
    return WorldTable(
        reference.regions,
        reference.sectors,
        split.home(home),
        split.traded(traded),
        split.by_user(taxes, reference.taxes, list(users.values())),
        split.by_user(added, reference.value_added, list(goods.values())),
    )


def _groups(
    release: Mrio, kind: str, names: Iterable[str], mapping: AccountMap, known: tuple[str, ...]
) -> Groups:
    """Positions of the targets of each name of the release; what is dropped is left out."""
    groups: Groups = {}
    strangers, wrong = [], []
    for name in dict.fromkeys(names):
        targets = mapping.targets[kind].get(name)
        if targets is None:
            strangers.append(name)
        elif targets != (DROP,):
            wrong += [f"{name} -> {target}" for target in targets if target not in known]
            groups[name] = [known.index(target) for target in targets if target in known]
    if strangers:
        raise ImportDataError(
            f"{release.file}: {len(strangers)} names of kind {kind} are not mapped in {mapping.file}: "
            f"{listing(strangers)}"
        )
    if wrong:
        raise ImportDataError(
            f"{mapping.file}: targets that eacu does not know: {listing(wrong)}; known: {', '.join(known)}"
        )
    return groups


def _sum_countries(
    release: Mrio, countries: dict[str, str], reference: WorldTable, goods: list[str], users: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Purchases inside countries ``[I, s, U]`` and between them ``[I, r, s, U]`` by the release's own names."""
    n = len(reference.regions)
    home = np.zeros((len(goods), n, len(users)))
    traded = np.zeros((len(goods), n, n, len(users)))
    whole = pd.concat([release.use, release.final], axis=1)
    sellers = whole.index.get_level_values(0)
    for buyer in dict.fromkeys(whole.columns.get_level_values(0)):
        block = whole.loc[:, whole.columns.get_level_values(0) == buyer]
        block = (
            block.T.groupby(level=1).sum().reindex(users).fillna(0.0).T
        )  # a category a country does not have
        if buyer not in countries:
            if block.to_numpy().any():
                raise ImportDataError(
                    f"{release.file}: final demand of {buyer!r}, which is not mapped to a region"
                )
            continue
        s = reference.place(countries[buyer])
        for seller in dict.fromkeys(sellers):
            cells = block[sellers == seller].droplevel(0).reindex(goods).fillna(0.0).to_numpy(float)
            if seller == buyer:
                home[:, s] += cells
            else:
                traded[:, reference.place(countries[seller]), s] += cells
    return home, traded


def _inputs(
    release: Mrio, countries: dict[str, str], reference: WorldTable, goods: list[str], users: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Taxes ``[s, U]`` and value added ``[s, J]`` by the release's own names."""
    taxes = np.zeros((len(reference.regions), len(users)))
    added = np.zeros((len(reference.regions), len(goods)))
    paid = pd.concat([release.taxes, release.final_taxes])
    for series, array, names in ((paid, taxes, users), (release.value_added, added, goods)):
        place = {name: n for n, name in enumerate(names)}
        for (country, name), value in series.items():  # type: ignore[misc]
            if name in place and country in countries:
                array[reference.place(countries[country]), place[name]] += value
    return taxes, added


class _Split:
    """Divides sums over the release's industries among eacu's sectors in the proportions of the reference."""

    def __init__(self, reference: WorldTable, goods: list[list[int]], users: list[list[int]]) -> None:
        self.reference, self.goods, self.users = reference, goods, users
        every = reference.traded.sum(axis=(1, 2)) + reference.home.sum(axis=1)
        self.sold, self.bought = every.sum(axis=1) + 1e-12, every.sum(axis=0) + 1e-12

    def home(self, sums: np.ndarray) -> np.ndarray:
        """Purchases at home, ``[i, s, u]``."""
        result = np.zeros_like(self.reference.home)
        for a, i in enumerate(self.goods):
            for b, u in enumerate(self.users):
                share = self._share(self.reference.home[np.ix_(i, range(sums.shape[1]), u)], i, u)
                result[np.ix_(i, range(sums.shape[1]), u)] += share * sums[a, :, b][None, :, None]
        return result

    def traded(self, sums: np.ndarray) -> np.ndarray:
        """Purchases abroad, ``[i, r, s, u]``."""
        result = np.zeros_like(self.reference.traded)
        n = range(sums.shape[1])
        for a, i in enumerate(self.goods):
            for b, u in enumerate(self.users):
                share = self._share(self.reference.traded[np.ix_(i, n, n, u)], i, u)
                result[np.ix_(i, n, n, u)] += share * sums[a, :, :, b][None, :, :, None]
        return result

    def _share(self, pattern: np.ndarray, i: list[int], u: list[int]) -> np.ndarray:
        """Shares over the first and last axis, which sum to one."""
        positive = np.maximum(pattern, 0.0)
        total = positive.sum(axis=(0, -1), keepdims=True)
        sizes = np.outer(self.sold[i], self.bought[u]) / (self.sold[i].sum() * self.bought[u].sum())
        general = sizes.reshape(len(i), *[1] * (pattern.ndim - 2), len(u))
        return np.where(total > 0, positive / np.where(total > 0, total, 1.0), general)

    def by_user(self, sums: np.ndarray, pattern: np.ndarray, groups: list[list[int]]) -> np.ndarray:
        """Taxes or value added ``[s, u]``: as in the reference, or by what users buy where its signs cancel."""
        result = np.zeros_like(pattern)
        for b, u in enumerate(groups):
            weights = pattern[:, u]
            total = weights.sum(axis=1, keepdims=True)
            clear = np.abs(total) > CLEAR * np.abs(weights).sum(axis=1, keepdims=True)
            general = self.bought[u] / self.bought[u].sum()
            result[:, u] += (
                np.where(clear, weights / np.where(clear, total, 1.0), general) * sums[:, b : b + 1]
            )
        return result
