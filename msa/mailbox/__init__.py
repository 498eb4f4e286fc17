"""The mail of the embedded stack, to be read in the browser."""
