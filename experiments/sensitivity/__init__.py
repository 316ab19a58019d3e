"""How sure a result is: sweeps over elasticities, policy sizes and data, and exact local derivatives."""
