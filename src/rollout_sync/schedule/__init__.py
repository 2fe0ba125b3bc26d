"""Working calendars, dates from dependencies, the critical path. Pure: no I/O, no clock; days come in as values."""
