"""`python -m model` is `dataseg`: what torchrun starts."""

from model.commands.main import main

main()
