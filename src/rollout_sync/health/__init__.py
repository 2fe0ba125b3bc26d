"""How a rollout stands and when it will be live, as pure functions of what is known; numpy, no I/O, no clock."""
