"""Panoptic quality and mean IoU, from maps of ids and classes."""
