"""The command line, a module for each kind of work: each fills its `app` with commands, and `hub.__main__` joins them."""
