"""Data sets to train and evaluate on: where they are, how they are read, augmented and sampled."""
