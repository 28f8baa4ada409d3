"""Image files: where they are, whether they are sound, and drawing on them."""
