"""The painting tool: people in a browser answer one foreground/background question per box."""
