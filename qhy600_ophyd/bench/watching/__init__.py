"""A plan while it runs: held while supply, temperature, dew point or disk are not as they should be."""
