"""The demonstration: a story told with the real commands, against a sandbox in a process of its own.

What it claims it reads from the sandbox itself, never from what the commands say of their work.
"""
