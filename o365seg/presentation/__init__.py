"""The shared look of figures and HTML pages."""
