"""The command `dataseg`, which has no subcommand yet."""

from o365seg import command_line

app = command_line.make_app(
    "Train, evaluate and run DaTaSeg. Nothing of it is built yet, so there is no command here."
)


def main() -> None:
    """Run the command."""
    command_line.run(app)
