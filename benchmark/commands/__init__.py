"""The commands of `benchmark`, one file a group."""
