"""The command line: reads arguments, calls the desk, hands the answer on to a view."""
