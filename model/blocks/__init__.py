"""One module an economic block: its variables, named expressions and equations with formula and source.

Each has ``EQUATIONS`` (equation -> the variable it determines), ``add_variables`` (unless it has none) and
``add_equations``.
"""
