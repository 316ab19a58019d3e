"""Tidy results as labelled arrays (xarray, the optional extra ``xarray``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import xarray

BASE = "base year"
_KEYS = ("region", "sector", "partner")


class MissingXarrayError(ImportError):
    """xarray is not installed; the message says how to get it."""


def to_dataset(results: Mapping[str, pd.DataFrame]) -> xarray.Dataset:
    """One array for each variable of tidy results, over regime and those of region, sector, partner that it has.

    The first entry of the dimension ``regime`` is the base year. A flow that does not exist is NaN, never zero.
    ``attrs["unit"]`` of an array is its unit.

    Args:
        results: regime -> tidy frame with :data:`eacu.model.results.COLUMNS`; all of one base year.

    Raises:
        MissingXarrayError: xarray is not installed.
        ValueError: the frames are of different base years.
    """
    try:
        import xarray
    except ImportError as error:
        raise MissingXarrayError(
            "labelled arrays need xarray: python -m pip install 'eacu[xarray]'"
        ) from error
    first = next(iter(results.values()))
    for name, frame in results.items():
        if not (frame[[*_KEYS, "variable"]].equals(first[[*_KEYS, "variable"]]) and _same_base(frame, first)):
            raise ValueError(
                f"the results of {name} have another base year than those of {next(iter(results))}"
            )
    arrays = {}
    for variable, rows in first.groupby("variable", sort=False):
        keys = [key for key in _KEYS if (rows[key] != "").any()]
        index = [rows[key].to_numpy() for key in keys]
        columns = {BASE: rows["base"].to_numpy()}
        columns |= {name: frame.loc[rows.index, "value"].to_numpy() for name, frame in results.items()}
        table = pd.DataFrame(columns, index=pd.MultiIndex.from_arrays(index, names=keys))
        stacked = table.rename_axis(columns="regime").stack()
        array = stacked.to_xarray().transpose("regime", *keys)
        order = {key: rows[key].unique() for key in keys} | {"regime": [BASE, *results]}
        arrays[str(variable)] = array.sel(order).assign_attrs(unit=rows["unit"].iloc[0])
    regions = list(first["region"].unique())
    sectors = [sector for sector in first["sector"].unique() if sector]
    found = xarray.Dataset(arrays)
    wanted = {"regime": [BASE, *results], "region": regions, "sector": sectors, "partner": regions}
    return found.reindex({key: labels for key, labels in wanted.items() if key in found.dims})


def _same_base(frame: pd.DataFrame, first: pd.DataFrame) -> bool:
    return bool((frame["base"] == first["base"]).all())
