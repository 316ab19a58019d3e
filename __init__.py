"""eacu: a computable general equilibrium model of the Eurasian Customs Union."""
