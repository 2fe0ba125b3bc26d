"""The durable record: intents, operations, bindings, observations. The only room that knows SQL."""
