"""World Input-Output Database 2007: trade by industry, and national tables as priors for regions without one."""

from pathlib import Path

import pandas as pd

from .raw import USD_MN, cells, figures, read_raw

PRIOR_COUNTRIES = ("LTU", "LVA", "POL", "RUS")
MORE_FOR_UKRAINE = ("HUN", "ROM")
FINAL_USES = ("CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN")
_VALUE_ADDED = "VA+net_taxes+margins"
_TABLE = "wiod_2013release/NIOT_{country}_2007_dom_imp.csv"


def wiod_trade(root: Path) -> pd.DataFrame:
    """Table ``wiod_trade``: trade between RUS, EU27, CHN and ROW by industry of origin, 2007, goods and
    services.

    Intermediate and final deliveries together, basic prices. ROW of this source contains Belarus,
    Kazakhstan and Kyrgyzstan; EU27 is wider than the model's EU of 25. A block's deliveries to itself are
    not trade and left out.
    """
    name = "wiod_2013release/WIOT_4regions_35sectors_2007.csv.gz"
    world = read_raw(root, name, header=[0, 1], index_col=[0, 1])
    world = world.loc[:, [column[1] != "OUTPUT" for column in world.columns]]
    bought = world.T.groupby(level=0).sum().T
    bought.index.names = ["exporter", "wiod"]
    flows = bought.reset_index().melt(id_vars=["exporter", "wiod"], var_name="importer", value_name="value")
    flows = flows[flows["exporter"] != flows["importer"]]
    return figures(flows, ["exporter", "importer", "wiod"], USD_MN, "WIOD2013", "observed")


def io_priors(root: Path, countries: tuple[str, ...] = PRIOR_COUNTRIES) -> pd.DataFrame:
    """Table ``io_priors``: national tables at 35 industries for Lithuania, Latvia, Poland and Russia, 2007.

    Table ``ukraine_io_priors`` holds those of Hungary and Romania in the same shape.

    ``table`` is ``intermediate_domestic``, ``intermediate_imported`` (row: supplying industry, column:
    using industry), ``final_domestic``, ``final_imported`` (column: CONS_h, CONS_np, CONS_g, GFCF,
    INVEN), ``exports``, ``value_added`` (value added + net product taxes + margins, row ``VA``) or
    ``output``. A cell that is not listed is zero; inventories may be negative.
    """
    pieces = []
    for country in countries:
        national = read_raw(root, _TABLE.format(country=country), index_col=0)
        industries = [str(c) for c in national.columns if c not in (*FINAL_USES, "EXPORT")]
        for prefix, origin in (("d_", "domestic"), ("m_", "imported")):
            block = national.loc[[prefix + i for i in industries]].set_axis(industries)
            pieces.append(_cells(block[industries], country, f"intermediate_{origin}"))
            pieces.append(_cells(block[list(FINAL_USES)], country, f"final_{origin}"))
            if origin == "domestic":
                pieces.append(_cells(block[["EXPORT"]], country, "exports"))
        pieces.append(
            _cells(national.loc[[_VALUE_ADDED], industries].set_axis(["VA"]), country, "value_added")
        )
        pieces.append(_cells(national.loc[["OUTPUT"], industries], country, "output"))
    frame = pd.concat(pieces)
    return figures(frame, ["country", "table", "row", "column"], USD_MN, "WIOD2013", "observed")


def _cells(block: pd.DataFrame, country: str, name: str) -> pd.DataFrame:
    if block.isna().to_numpy().any():
        raise ValueError(f"WIOD table of {country}: block {name} has empty cells")
    listed = cells(block, "row", "column")
    return listed[listed["value"] != 0.0].assign(country=country, table=name)
