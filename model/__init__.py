"""DaTaSeg, the model: not yet built (see docs/roadmap.md)."""
