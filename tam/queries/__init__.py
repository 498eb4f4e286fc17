"""What account management reads: the queue (SPEC 10)."""
