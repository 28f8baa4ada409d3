"""Scores of a model on data sets, and its model card."""
