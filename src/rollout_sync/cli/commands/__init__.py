"""One module for each command, each with an object named `command`; imported only when it is called."""
