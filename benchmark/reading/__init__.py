"""Predictions and ground truth, read and checked."""
