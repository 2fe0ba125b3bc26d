"""Benchmarks: what the program costs in requests, time and memory, measured against floors and a null client."""
