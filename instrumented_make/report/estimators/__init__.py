"""What the figures allow one to say: statistics alone, without an engine, a command line or a word of the report."""
