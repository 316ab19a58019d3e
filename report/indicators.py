"""The macro indicators every report shows: key, heading, unit and number of decimals, in one place.

The keys are the columns of a solved regime's ``indicators`` frame, of the JSON output and of the catalogue.
Definitions (price base, index formula) stand in `eacu.model.indicators.UNITS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .html.numbers import MINUS, change


@dataclass(frozen=True)
class Indicator:
    """How one macro indicator is printed."""

    key: str
    heading: str
    unit: str
    decimals: int = 2
    is_change: bool = True

    def format(self, value: float) -> str:
        """The value with its decimals; a value that rounds to zero has no sign."""
        text = f"{value:,.{self.decimals}f}"
        return text.removeprefix("-") if float(text.replace(",", "")) == 0.0 else text

    def short(self, value: float) -> str:
        """A change as in the report: its sign and three significant digits, so that only nothing is 0.

        An amount keeps its decimals: what sharing takes from it may be thousandths of it.
        """
        return change(value).replace(MINUS, "-") if self.is_change else self.format(value)


TABLE_INDICATORS = (
    Indicator("real_gdp_pct", "Real GDP", "%"),
    Indicator("ev_pct_consumption", "Equivalent variation", "% of consumption"),
    Indicator("ev_usd_mn", "Equivalent variation", "USD mn", 0),
    Indicator("cpi_pct", "Consumer prices, against the rest of the world", "%"),
    Indicator("real_wage_pct", "Real wage", "%"),
    Indicator("imports_intra_pct", "Imports from the union", "%", 1),
    Indicator("imports_extra_pct", "Imports from outside", "%", 1),
    Indicator("exports_intra_pct", "Exports to the union", "%", 1),
    Indicator("exports_extra_pct", "Exports to outside", "%", 1),
    Indicator("tariff_revenue_base_usd_mn", "Tariff revenue, base year", "USD mn", 0, is_change=False),
    Indicator("tariff_revenue_usd_mn", "Tariff revenue, collected", "USD mn", 0, is_change=False),
    Indicator("tariff_received_usd_mn", "Tariff revenue, after sharing", "USD mn", 0, is_change=False),
    Indicator("terms_of_trade_pct", "Terms of trade", "%"),
)
