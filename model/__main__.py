"""`python -m model` is `dataseg`: what torchrun starts."""

from model.cli import main

main()
