"""The study in Python: the union as agreed, the union without a tariff on cars, and the difference.

Run it in its folder: python study.py
"""

from pathlib import Path

import eacu

FOLDER = Path(__file__).resolve().parent
AGREED, MINE = "union-2010-07", "my-union"

result = eacu.run(AGREED, FOLDER / f"{MINE}.toml")
if not result.passed:
    raise SystemExit(f"do not use these results: {result.status}")

# Rows are members and indicators, columns are regimes. eacu.model.indicators.UNITS explains every indicator.
effects = result.effects
effects["difference"] = effects[MINE] - effects[AGREED]
effects.to_csv(FOLDER / "results.csv")

change = effects["difference"].unstack("indicator")
for member in result.members:
    percent, dollars = change["ev_pct_consumption"].loc[member], change["ev_usd_mn"].loc[member]
    print(
        f"{member}: without a car tariff welfare changes by {dollars:+,.0f} USD mn, {percent:+.3f} % of consumption"
    )

# Everything else is in tidy tables too: what happens to the car industry?
output = result[MINE].results.query("variable == 'output' and sector == 'mvh'").set_index("region")["percent"]
before = (
    result[AGREED].results.query("variable == 'output' and sector == 'mvh'").set_index("region")["percent"]
)
for member in result.members:
    print(
        f"{member}: output of cars {before[member]:+.1f} % in the union, {output[member]:+.1f} % without the tariff"
    )
