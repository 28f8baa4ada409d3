"""Predictions for images: postprocessing, result files, pictures and export."""
