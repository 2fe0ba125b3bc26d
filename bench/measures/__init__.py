"""One file a measure; each has `rows(bench)`, and the table in `__main__` names them."""
