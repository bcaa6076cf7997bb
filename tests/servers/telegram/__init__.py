"""A Bot API server for tests: what the bot uses of the real one, with its rules, over real sockets."""
