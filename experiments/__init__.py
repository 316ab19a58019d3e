"""What is done with solved economies: regimes, policies, the runner."""
