"""One training run: configuration, mixture, loop, log and saved state."""
