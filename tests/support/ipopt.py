"""An independent solver for cross-checks: the Ipopt that the CasADi wheel bundles, fed through an NL file."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import casadi
import pyomo.environ as pyo
from pyomo.common.modeling import unique_component_name
from pyomo.repn.plugins.nl_writer import NLWriter


class IpoptError(RuntimeError):
    """Ipopt did not solve the system; the message carries its own status."""


def ipopt_values(
    model: pyo.ConcreteModel, keep_bounds: bool = True, scaling: str = "gradient-based", **options: object
) -> dict[str, float]:
    """Solve a square Pyomo model with Ipopt and return every free variable's value by name.

    The model is read only (a constant objective is added for the writer and taken away again), so the
    variables keep the values they had, which are also Ipopt's starting point.

    Args:
        model: equations, fixed variables and starting values.
        keep_bounds: pass the variables' bounds. Without them Ipopt is a plain line-search Newton method,
            which suits variables whose solution lies on a bound.
        scaling: Ipopt's ``nlp_scaling_method`` ("gradient-based" or "none").
        options: further Ipopt options, for example ``max_iter=500``.

    Raises:
        IpoptError: Ipopt stopped without a solution.
    """
    builder, names = _read_through_nl(model)
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
    quiet = {"print_time": False, "error_on_fail": False, "show_eval_warnings": False}
    problem = {"x": casadi.vertcat(*builder.x), "g": casadi.vertcat(*builder.g), "f": casadi.MX(0)}
    solver = casadi.nlpsol(
        "check",
        "ipopt",
        problem,
        quiet | {"ipopt": ipopt | options},
    )
    unbounded = [float("inf")] * len(names)
    found = solver(
        x0=builder.x_init,
        lbx=builder.x_lb if keep_bounds else [-b for b in unbounded],
        ubx=builder.x_ub if keep_bounds else unbounded,
        lbg=builder.g_lb,
        ubg=builder.g_ub,
    )
    if not solver.stats()["success"]:
        raise IpoptError(f"Ipopt stopped with '{solver.stats()['return_status']}'")
    return dict(zip(names, found["x"].full().ravel().tolist(), strict=True))


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
