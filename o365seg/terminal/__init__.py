"""What every command shares: exit codes, options, tables, JSON output and progress bars."""
