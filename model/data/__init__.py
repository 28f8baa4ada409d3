"""The data sets that DaTaSeg trains on and is scored on, each in its own layout on the disk."""
