"""Calibration: from published figures to a balanced SAM and the benchmark a model is built on."""
