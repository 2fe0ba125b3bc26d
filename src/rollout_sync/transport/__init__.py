"""Every byte that leaves the machine goes through here: pacing, retry, outcome classes, redaction."""
