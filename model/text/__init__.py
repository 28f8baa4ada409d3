"""Vocabularies, prompts and text embeddings: the classifier of every class."""
