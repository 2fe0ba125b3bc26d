"""Use-cases: plan, apply, adopt, verify. They return values and print nothing."""
