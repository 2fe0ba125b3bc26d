"""Desired, last written and observed meet here and become operations. Pure."""
