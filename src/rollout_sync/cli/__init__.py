"""The command line: one file a command, one renderer, one error door."""
