"""JQL: text to tokens, tokens to a tree, a tree to a predicate over issues. Pure; knows nothing of HTTP or storage."""
