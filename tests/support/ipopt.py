"""An independent solver for cross-checks: the Ipopt that the CasADi wheel bundles, fed through an NL file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import casadi
import numpy as np
import pyomo.environ as pyo
from pyomo.common.modeling import unique_component_name
from pyomo.core.base.var import VarData
from pyomo.repn.plugins.nl_writer import NLWriter


class IpoptError(RuntimeError):
    """Ipopt did not solve the system; the message carries its own status."""


def ipopt_values(
    model: pyo.ConcreteModel, keep_bounds: bool = True, scaling: str = "gradient-based", **options: object
) -> dict[str, float]:
    """Solve a square Pyomo model with Ipopt and return every free variable's value by name.

    The variables keep the values they had, which are also Ipopt's starting point. For many scenarios of one
    model see `IpoptSystem`.

    Args:
        model: equations, fixed variables and starting values.
        keep_bounds: pass the variables' bounds. Without them Ipopt is a plain line-search Newton method,
            which suits variables whose solution lies on a bound.
        scaling: Ipopt's ``nlp_scaling_method`` ("gradient-based" or "none").
        options: further Ipopt options, for example ``max_iter=500``.

    Raises:
        IpoptError: Ipopt stopped without a solution.
    """
    return IpoptSystem(model, keep_bounds=keep_bounds, scaling=scaling, **options).solve({})


class IpoptSystem:
    """A square Pyomo model read by Ipopt once, to be solved for many values of its exogenous variables.

    CasADi spends most of its time on setting up derivatives; here that is paid once. ``exogenous`` are fixed
    variables that scenarios change: Ipopt sees them as variables whose bounds coincide.
    """

    def __init__(
        self,
        model: pyo.ConcreteModel,
        exogenous: Iterable[VarData] = (),
        keep_bounds: bool = True,
        scaling: str = "gradient-based",
        **options: object,
    ) -> None:
        self.exogenous = [v for v in exogenous if v.fixed]
        for v in self.exogenous:
            v.unfix()
        try:
            builder, self.names = _read_through_nl(model)
        finally:
            for v in self.exogenous:
                v.fix()
        ipopt: dict[str, object] = {
            "tol": 1e-12,
            "constr_viol_tol": 1e-12,
            "acceptable_iter": 0,
            "bound_relax_factor": 0.0,
            "bound_push": 1e-10,
            "bound_frac": 1e-10,
            "mu_init": 1e-8,
            "max_iter": 1000,
            "print_level": 0,
            "sb": "yes",
            "nlp_scaling_method": scaling,
        }
        general = {"print_time": False, "error_on_fail": False, "show_eval_warnings": False, "expand": True}
        problem = {"x": casadi.vertcat(*builder.x), "g": casadi.vertcat(*builder.g), "f": casadi.MX(0)}
        self._solver = casadi.nlpsol("check", "ipopt", problem, general | {"ipopt": ipopt | options})
        infinite = np.full(len(self.names), np.inf)
        self._lower = np.array(builder.x_lb) if keep_bounds else -infinite
        self._upper = np.array(builder.x_ub) if keep_bounds else infinite
        self._equations = np.array(builder.g_lb), np.array(builder.g_ub)
        self._start = np.array(builder.x_init)
        self._at = {name: k for k, name in enumerate(self.names)}

    def solve(self, exogenous: Mapping[str, float]) -> dict[str, float]:
        """Solve from the values the model had when it was read; return the free variables by name.

        ``exogenous`` gives new values of the exogenous variables by name; the others keep theirs.

        Raises:
            IpoptError: Ipopt stopped without a solution.
        """
        start, lower, upper = self._start.copy(), self._lower.copy(), self._upper.copy()
        outer = {v.name for v in self.exogenous}
        for name in outer & self._at.keys():
            k = self._at[name]
            start[k] = lower[k] = upper[k] = exogenous.get(name, start[k])
        found = self._solver(x0=start, lbx=lower, ubx=upper, lbg=self._equations[0], ubg=self._equations[1])
        if not self._solver.stats()["success"]:
            raise IpoptError(f"Ipopt stopped with '{self._solver.stats()['return_status']}'")
        values = found["x"].full().ravel().tolist()
        return {n: v for n, v in zip(self.names, values, strict=True) if n not in outer}


def _read_through_nl(model: pyo.ConcreteModel) -> tuple[casadi.NlpBuilder, list[str]]:
    """Write NL and read it into CasADi; names follow the writer's own column order."""
    active = list(model.component_data_objects(pyo.Objective, active=True))
    added = None
    if not active:
        added = pyo.Objective(expr=0.0)
        model.add_component(unique_component_name(model, "constant_objective"), added)
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.nl"
            with path.open("w", newline="\n") as stream:
                # presolve would eliminate variables and lose their values
                info = NLWriter().write(model, stream, linear_presolve=False, scale_model=False)
            builder = casadi.NlpBuilder()
            builder.import_nl(str(path))
    finally:
        if added is not None:
            model.del_component(added)
    return builder, [variable.name for variable in info.variables]
