"""Working calendars, dates from dependencies, the critical path. Pure."""
