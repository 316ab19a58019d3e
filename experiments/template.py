"""The commented template of a scenario file and the JSON Schema by which editors check and complete it."""

from __future__ import annotations

import json
from pathlib import Path

from .regime_tables import RegimeFile
from .regimes import REGIME_FOLDER, RegimeError, load_regime

SCHEMA_FILE = REGIME_FOLDER / "schema.json"
SCHEMA_BESIDE = "eacu-scenario.schema.json"
"""Name of the schema's copy beside a user's scenario, which its first line names."""
DEFAULT_PARENT = "union-2010-07"

TEMPLATE = '''#:schema ./{schema}
# A scenario: what policy does, as data. Run it with: eacu run {name}.toml
# Lines that start with "#" and no blank are examples: delete the "#" to use them. Manual: docs/regimes.md.

title = "{title}"
question = "What changes against {parent}?"
# The regime that the question compares with, which eacu report then does; without it the base year.
against = "{parent}"
description = """
Say here what is counted and what is not.
"""
# What is not said here is as in this regime (eacu regimes lists them; "other.toml" is a file beside this one).
builds_on = "{parent}"

# Who adjusts: the name of a closure (eacu closures), or names joined by "+", such as "short-run+wage-curve".
closure = "default"

# ---------------------------------------------------------------- tariffs of one's own
# A schedule is a CSV file beside this one with the columns importer,source,sector,rate_pct;
# "all" as source or sector stands for every one without a row of its own.
#[schedules]
#my-rates = "{name}-rates.csv"

# Which schedule an importer applies to third countries; a ceiling caps it.
#[tariffs]
#KAZ = {{ schedule = "my-rates", ceiling = "cet" }}

# Single rates, in per cent of the cif value.
#[[rates]]
#importer = "RUS"
#sector = "mvh"
#rate_pct = 10

# ---------------------------------------------------------------- the union
# A new member: add it, give it the common tariff ([tariffs] above: KGZ = "cet") and a share of the pool of duties.
#[union]
#members = ["RUS", "BLR", "KAZ", "KGZ"]
#internal_free_trade = true
#pooling = true
#weights = {{ RUS = 85.32, BLR = 4.55, KAZ = 7.11, KGZ = 1.9 }}

# ---------------------------------------------------------------- borders and quotas
# A border that becomes cheaper to cross: half of what waiting costs between members goes away.
#[[borders]]
#kind = "time"
#exporter = "members"
#importer = "members"
#share = 0.5

# An amount exported free of a duty that the rest pays; unit: "ratio" or "percent" of the base year, or "USD mn".
#[[quota]]
#sector = "mvh"
#exporter = "RUS"
#importer = "KAZ"
#volume = 80
#unit = "percent"
#over_quota_duty_pct = 25
#rent_to_exporter = 0.5

# ---------------------------------------------------------------- anything else
# [[shock]] sets any instrument of the model, after all sections above and in the order of the file.
# as = "level" | "change" | "percent" | "factor" | "target"; selectors left out mean all; "members", "outside",
# "goods", "services", "labour" are groups.
#[[shock]]
#instrument = "import_tariff"
#as = "change"
#value = 5
#unit = "percentage points"
#importer = "members"
#source = "outside"
#sector = ["agr", "ofd"]

#[[shock]]
#instrument = "productivity"
#as = "percent"
#value = 1
#unit = "percent"
#region = "KAZ"
#sector = "services"

# A target frees the instrument: how much capital must Russia have for half a per cent more real GDP?
#[[shock]]
#instrument = "endowment"
#as = "target"
#outcome = "real_gdp_pct"
#outcome_region = "RUS"
#value = 0.5
#unit = "percent"
#factor = "capital"
#region = "RUS"
'''

EXAMPLE_RATES = "importer,source,sector,rate_pct\nKAZ,all,all,5\nKAZ,CHN,all,7.5\nKAZ,all,mvh,10\n"
"""Content of the CSV file that the template's examples name."""


def new_scenario(name: str, parent: str = DEFAULT_PARENT, folder: Path | None = None) -> Path:
    """Write ``NAME.toml`` and the schema beside it; returns the scenario's file.

    Raises:
        RegimeError: the name is no plain file name, or there is no such regime to build on.
        FileExistsError: the scenario is there already.
    """
    stem = name.removesuffix(".toml")
    if (
        not stem
        or Path(stem).name != stem
        or not stem.replace("-", "").replace("_", "").replace(".", "").isalnum()
    ):
        raise RegimeError(f"{name!r} is no name for a scenario: use letters, digits, '-', '_' and '.' only")
    load_regime(parent)
    target = folder or Path()
    file = target / f"{stem}.toml"
    text = TEMPLATE.format(
        name=stem,
        schema=SCHEMA_BESIDE,
        parent=parent,
        title=stem.replace("-", " ").replace("_", " ").capitalize(),
    )
    target.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError as error:
        raise FileExistsError(f"{file} exists already and is left as it is; choose another name") from error
    (target / SCHEMA_BESIDE).write_text(schema_text(), encoding="utf-8")
    return file


def uncommented(template: str) -> str:
    """A template with every example put to use: lines that start with ``#`` and neither a blank nor a colon."""
    lines = template.splitlines(keepends=True)
    return "".join(
        line[1:] if line[:1] == "#" and line[1:2] not in (" ", ":", "\n", "") else line for line in lines
    )


def schema_text() -> str:
    """The JSON Schema of a regime file, made from the models that check it; ends with a line break."""
    schema = RegimeFile.model_json_schema(by_alias=True)
    return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **schema}, indent=1) + "\n"
