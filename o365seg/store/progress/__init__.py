"""How much is done, how fast, and the gallery of answers."""
