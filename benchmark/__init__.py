"""Predictions against ground truth: mask AP that ignores skipped instances, and the statistics."""
