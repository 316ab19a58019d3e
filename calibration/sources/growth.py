"""Growth: real GDP, population, labour force and capital by region, 2007-2030, for the recursive model.

Years to 2012 are published figures; later ones are the outlook of the time and stated assumptions, labelled so
in the column ``quality``.
"""

from pathlib import Path

import pandas as pd

from ...data import table
from .raw import figures, read_raw

FIRST, OBSERVED, OUTLOOK, LAST = 2007, 2012, 2020, 2030
"""Base year; last year of published growth; last year of the outlook; end of the path."""
FRONTIER_GROWTH = 1.5
"""Growth of output per person, per cent a year, that every region converges to by :data:`LAST`: that of the
leading economies in the last decades of the 20th century, rounded. **Assumed.**"""

COUNTRIES = {
    "RUS": ("RUS",),
    "BLR": ("BLR",),
    "KAZ": ("KAZ",),
    "KGZ": ("KGZ",),
    "CHN": ("CHN",),
    "UKR": ("UKR",),
    "EU": ("DEU", "FRA", "GBR", "ITA", "ESP"),
    "ROW": ("USA", "JPN", "IND", "BRA", "KOR", "AUS", "TUR", "IDN", "SAU", "CHE"),
}
"""Countries whose growth stands for a region's; the five and ten largest make up most of EU and ROW."""
_UN_NAMES = {
    "DEU": "Germany",
    "FRA": "France",
    "GBR": "United Kingdom",
    "ITA": "Italy",
    "ESP": "Spain",
    "USA": "United States",
    "JPN": "Japan",
    "IND": "India",
    "BRA": "Brazil",
    "KOR": "Republic of Korea",
    "AUS": "Australia",
    "TUR": "Türkiye",
    "IDN": "Indonesia",
    "SAU": "Saudi Arabia",
    "CHE": "Switzerland",
}
_PWT = ("RUS", "BLR", "KAZ", "CHN", "UKR")
_KEY = ["region", "item", "year"]
_YEARS = pd.Index(range(FIRST, LAST + 1), name="year")


def growth_paths(root: Path) -> pd.DataFrame:
    """Table ``growth_paths``: region, item, year, value (2007 = 1).

    ``real_gdp``: to 2012 the World Economic Outlook (for KGZ, EU, ROW its edition of April 2015, the larger
    countries weighted by their GDP of 2007), to 2020 that edition's outlook, then growth moves in equal steps to
    that of population plus :data:`FRONTIER_GROWTH` in 2030. ``population``: World Population Prospects 2019, medium
    variant; EU is its five largest, ROW the world less the other regions. ``labour_force``: employment of the Penn
    World Table to 2012 where listed, population otherwise and after.
    """
    population = _population()
    labour, counted = _labour_force(root, population)
    gdp, graded = _real_gdp(root, population)
    parts = []
    for item, frame, source, quality in (
        ("real_gdp", gdp, "WEO", graded),
        ("population", population, "WPP2019", _grades(population.columns, 2018, LAST)),
        ("labour_force", labour, "PWT1001", counted),
    ):
        long = _long(frame.round(8), "value").merge(_long(quality, "quality"), on=["year", "region"])
        parts.append(long.assign(item=item, source=source))
    frame = pd.concat(parts)
    frame.loc[frame["quality"] == "assumed", "source"] = "EACU"
    outlook = (frame["item"] == "real_gdp") & (frame["quality"] == "estimated")
    frame.loc[outlook, "source"] = "WEO2015"
    return figures(frame, _KEY, "2007 = 1", "WEO", "observed")


def _long(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Years by regions as one row a cell."""
    return frame.reset_index().melt(id_vars="year", var_name="region", value_name=name)


def _outlook(series: str) -> pd.DataFrame:
    """A series of ``parameters/growth_outlook``: years by countries."""
    listed = table("parameters/growth_outlook", columns=["series", "country", "year"])
    return listed[listed["series"] == series].pivot(index="year", columns="country", values="value")


def _population() -> pd.DataFrame:
    people = _outlook("population").reindex(_YEARS)
    single = [region for region, members in COUNTRIES.items() if len(members) == 1]
    five = people[list(COUNTRIES["EU"])].sum(axis=1)
    rest = people["WORLD"] - people[[r for r in single if r != "UKR"]].sum(axis=1) - five
    frame = people[single].assign(EU=five, ROW=rest)[list(COUNTRIES)]
    return frame / frame.loc[FIRST]


def _labour_force(root: Path, population: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Employment where observed, continued with population; and the quality of each figure."""
    raw = read_raw(root, "macro/PWT1001_2004_2013.csv")
    employed = raw[raw["isocode"].isin(_PWT)].pivot(index="year", columns="isocode", values="emp")
    observed = employed.loc[FIRST:OBSERVED] / employed.loc[FIRST]
    frame = population.copy()
    people, heads = population.T[OBSERVED], observed.T[OBSERVED]
    for region in map(str, observed.columns):
        after = population[region] * float(heads[region] / people[region])
        frame[region] = observed[region].reindex(_YEARS).fillna(after)
    quality = _grades(frame.columns, FIRST, FIRST)
    quality.loc[:OBSERVED, list(observed.columns)] = "observed"
    return frame, quality


def _real_gdp(root: Path, population: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Real GDP by region, and the quality of each figure."""
    growth = _outlook("real_gdp_growth") / 100
    weo = read_raw(root, "macro/IMF_WEO_2004_2013.csv")
    weo = weo[weo["indicator"] == "ngdp_rpch"].assign(country=weo["country"].str.upper())
    observed = weo.pivot(index="year", columns="country", values="value") / 100
    for country in map(str, observed.columns):
        growth.loc[FIRST + 1 : OBSERVED, country] = observed.loc[FIRST + 1 : OBSERVED, country]
    index = (1 + growth).cumprod()
    index.loc[FIRST] = 1.0
    weights = _gdp_weights(root)
    frame = pd.DataFrame(index=_YEARS)
    for region, members in COUNTRIES.items():
        share = pd.Series({c: weights[c] if len(members) > 1 else 1.0 for c in members})
        frame[region] = (index[list(members)] @ (share / share.sum())).reindex(_YEARS)
    people = population.pct_change()
    final = people.loc[LAST] + FRONTIER_GROWTH / 100
    last = frame.loc[OUTLOOK] / frame.loc[OUTLOOK - 1] - 1
    for year in range(OUTLOOK + 1, LAST + 1):
        step = (year - OUTLOOK) / (LAST - OUTLOOK)
        frame.loc[year] = frame.loc[year - 1] * (1 + last + step * (final - last))
    quality = _grades(frame.columns, OBSERVED, OUTLOOK)
    quality.loc[FIRST + 1 : OBSERVED, ["EU", "ROW"]] = "estimated"
    quality.loc[FIRST + 1 : OBSERVED, "KGZ"] = "estimated"
    return frame, quality


def _grades(regions: pd.Index, observed: int, estimated: int) -> pd.DataFrame:
    """Observed to one year, estimated to another, assumed after."""
    grade = ["observed" if y <= observed else "estimated" if y <= estimated else "assumed" for y in _YEARS]
    return pd.DataFrame(dict.fromkeys(regions, grade), index=_YEARS).astype(object)


def _gdp_weights(root: Path) -> pd.Series:
    raw = read_raw(root, "macro/UN_AMA_allcountries_2007_2010.csv.gz")
    raw = raw[raw["Year"] == FIRST].assign(Country=raw["Country"].str.strip()).set_index("Country")
    gdp = raw["Gross.Domestic.Product..GDP."]
    absent = sorted(set(_UN_NAMES.values()) - set(gdp.index))
    if absent:
        raise KeyError(f"UN_AMA_allcountries_2007_2010.csv.gz: no rows of {absent} for {FIRST}")
    return pd.Series({code: float(gdp[name]) for code, name in _UN_NAMES.items()})


def capital(root: Path) -> pd.DataFrame:
    """Table ``capital``: depreciation rate and capital-output ratio of 2007 by region.

    The ratio is the value of the stock at current national prices over GDP at current prices, i.e. that of the Penn
    World Table's ``cn * pl_n`` to ``cgdpo * pl_gdpo``: the stock and the year's investment are then valued alike.
    (Its ratio at constant prices of 2017, ``rnna / rgdpna``, mixes in ten years of change in relative prices.)

    EU, ROW and KGZ are not in the file read. They depreciate at the mean rate of those that are, and their ratio is
    that of balanced growth, investment over the sum of depreciation and growth (Harberger 1978, "Perspectives on
    capital and technology in less developed countries"), growth being the average of their path.
    """
    raw = read_raw(root, "macro/PWT1001_2004_2013.csv")
    raw = raw[(raw["year"] == FIRST) & raw["isocode"].isin(_PWT)].set_index("isocode").rename_axis("region")
    ratio = raw["cn"] * raw["pl_n"] / (raw["cgdpo"] * raw["pl_gdpo"])
    listed = pd.DataFrame({"depreciation_rate": raw["delta"], "capital_output_ratio": ratio})
    listed = listed.assign(source="PWT1001", quality="observed")
    accounts = table("sources/national_accounts").pivot(index="region", columns="item", values="value")
    share = accounts["capital_formation"] / accounts["gdp"]
    path = (
        growth_paths(root).query("item == 'real_gdp'").pivot(index="year", columns="region", values="value")
    )
    growth = path.loc[OUTLOOK] ** (1 / (OUTLOOK - FIRST)) - 1
    rate = float(listed.loc[[r for r in listed.index if r != "UKR"], "depreciation_rate"].mean())
    others = [region for region in COUNTRIES if region not in listed.index]
    estimated = pd.DataFrame(
        {
            "depreciation_rate": rate,
            "capital_output_ratio": share[others] / (rate + growth[others]),
            "source": "EACU",
            "quality": "estimated",
        },
        index=pd.Index(others, name="region"),
    )
    frame = pd.concat([listed, estimated]).reset_index()
    frame = frame.melt(id_vars=["region", "source", "quality"], var_name="item", value_name="value")
    frame["value"] = frame["value"].round(6)
    return figures(frame, ["region", "item"], "ratio", "PWT1001", "observed")
