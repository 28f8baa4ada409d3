"""DaTaSeg: one network for semantic, panoptic and box-supervised instance segmentation."""
