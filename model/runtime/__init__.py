"""Checkpoints, devices and the processes that work together."""
