"""The commands of `dataseg`, one file a group."""
