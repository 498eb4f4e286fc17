"""A contract's life as a file: people act at given instants, and what falls due is fired between.

Demo data, end-to-end tests and long simulations are all scenarios (docs/scenarios.md).
"""
