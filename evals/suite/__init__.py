"""The whole suite of measurements by one command: `make evals`."""
