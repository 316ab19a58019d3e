"""Closures are square lists of what is fixed; instruments refuse what is not admissible."""

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.model.closures import CLOSURES, DEFAULT, Closure, ClosureError, Fixed, find_closure
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.instruments import (
    INSTRUMENTS,
    InstrumentError,
    Policy,
    apply_policy,
    reset_instruments,
    set_instrument,
)


def by_region(**values):
    return pd.Series(values).rename_axis("region")


@pytest.mark.parametrize("name", CLOSURES)
def test_every_closure_is_square_described_and_sound(benchmark, name):
    m = build_economy(benchmark, name)
    free = sum(not v.fixed for v in m.component_data_objects(pyo.Var))
    assert free == sum(1 for _ in m.component_data_objects(pyo.Constraint, active=True))
    assert len(CLOSURES[name].description) > 100
    assert m.closure is CLOSURES[name]


def test_a_closure_can_be_swapped_on_a_built_model(model):
    CLOSURES["short-run"].apply(model)
    assert model.factor_use["capital", "mac", "RUS"].fixed
    assert not model.rental_premium["capital", "mac", "RUS"].fixed
    model.import_tariff["mac", "RUS", "ROW"].set_value(0.3)
    solve(model)
    assert model.factor_use["capital", "mac", "RUS"].value == 1.0
    assert abs(pyo.value(model.walras)) < 1e-12


def test_closure_refusals(model):
    with pytest.raises(ClosureError, match="Did you mean 'short-run'"):
        find_closure("short_run")
    too_few = Closure("loose", "", DEFAULT.fixed[:-1])
    with pytest.raises(ClosureError, match=r"not square: .* free variables"):
        too_few.apply(model)
    with pytest.raises(ClosureError, match="no variable 'investmnt'"):
        Closure("typo", "", (Fixed("investmnt"),)).apply(model)
    stuck = Closure("stuck labour", "", (*DEFAULT.fixed, Fixed("factor_price", (("unskilled",),))))
    with pytest.raises(ClosureError, match="left to Walras' law"):
        stuck.apply(model)


def test_every_instrument_exists_and_admits_its_benchmark_value(model):
    for name, instrument in INSTRUMENTS.items():
        variable = model.component(name)
        values = pd.Series([variable[k].value for k in variable])
        assert instrument.admits(values).all(), name
        if not len(variable):
            continue  # of a mechanism that this economy does not have
        index = next(iter(variable))
        levels = len(index) if isinstance(index, tuple) else int(index is not None)
        assert levels == len(instrument.levels), name


def test_a_policy_writes_resets_and_reports_what_has_no_flow(model):
    tariff = pd.Series({("agr", "RUS", "KAZ"): 0.2, ("pub", "RUS", "KAZ"): 0.1}, name="rate").rename_axis(
        ["sector", "source", "importer"]
    )
    applied = apply_policy(model, Policy("p", {"import_tariff": tariff, "iceberg": 1.1}))
    assert model.import_tariff["agr", "RUS", "KAZ"].value == 0.2
    assert applied.written == {"import_tariff": 1, "iceberg": len(model.flows)}
    assert applied.without_flow["import_tariff"] == [("pub", "RUS", "KAZ")]
    apply_policy(model, Policy("nothing"))
    assert (
        model.import_tariff["agr", "RUS", "KAZ"].value == model.benchmark.import_tariff["agr", "RUS", "KAZ"]
    )
    assert all(model.iceberg[k].value == 1 for k in model.iceberg)


def test_levels_may_come_in_any_order(model):
    swapped = pd.Series({("KAZ", "agr", "RUS"): 0.33}).rename_axis(["importer", "sector", "source"])
    apply_policy(model, Policy("p", {"import_tariff": swapped}))
    assert model.import_tariff["agr", "RUS", "KAZ"].value == 0.33


def flow(sector="agr", source="RUS", importer="KAZ", value=0.1):
    index = pd.MultiIndex.from_tuples([(sector, source, importer)], names=["sector", "source", "importer"])
    return pd.Series([value], index=index)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"import_tarif": 0.1}, "Unknown instrument 'import_tarif'. Did you mean 'import_tariff'"),
        ({"import_tariff": flow(importer="KAS")}, "unknown importer 'KAS'. Did you mean 'KAZ'"),
        ({"import_tariff": flow(sector="agri")}, "unknown sector 'agri'. Did you mean 'agr'"),
        ({"import_tariff": flow(value=-1.5)}, r"-1.5 \(-150.0%\).*must be above -1.*per cent"),
        ({"import_tariff": flow(value=-1.0)}, "must be above -1"),
        ({"import_tariff": flow(value=np.nan)}, "a missing number is not zero"),
        ({"import_tariff": pd.concat([flow(), flow()])}, "given twice"),
        ({"import_tariff": by_region(RUS=0.1)}, "the series given has levels"),
        ({"iceberg": flow(value=0.0)}, "must be above 0"),
        ({"pooled": by_region(RUS=2.0)}, "at least 0 and at most 1"),
        ({"production_tax": 1.0}, "must be below 1"),
        ({"endowment": 1.1}, "is free under the closure 'default'"),
        (
            {"pooled": by_region(RUS=1.0, KAZ=1.0), "pool_share": by_region(RUS=0.8, KAZ=0.1)},
            "the keys sum to 0.9, not 1",
        ),
        ({"foreign_savings": by_region(RUS=100.0)}, "not to zero"),
    ],
)
def test_inadmissible_settings_are_refused(model, settings, message):
    with pytest.raises(InstrumentError, match=message):
        apply_policy(model, Policy("bad", settings))


def test_reset_returns_every_fixed_variable(model):
    set_instrument(model, "numeraire", 2.0)
    set_instrument(model, "population", by_region(KAZ=1.5))
    assert (model.numeraire.value, model.population["KAZ"].value) == (2.0, 1.5)
    reset_instruments(model)
    assert (model.numeraire.value, model.population["KAZ"].value) == (1.0, 1.0)
