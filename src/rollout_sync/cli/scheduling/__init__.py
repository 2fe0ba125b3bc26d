"""What a machine's own scheduler needs to run `sync --all-due` and `digest --due`: files as values, their placing."""
