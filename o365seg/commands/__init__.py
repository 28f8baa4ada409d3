"""The commands of `o365seg`, one file a group."""
