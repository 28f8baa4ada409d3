"""Build a release from a project, describe it and publish it."""
