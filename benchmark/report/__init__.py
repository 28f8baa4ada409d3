"""Results as text tables, charts and one HTML page."""
