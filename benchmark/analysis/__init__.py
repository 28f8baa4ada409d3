"""Explain an AP: errors by kind, size, category and image; comparisons of models."""
