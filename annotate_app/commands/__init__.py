"""The commands of `annotate-app`, one file a group."""
