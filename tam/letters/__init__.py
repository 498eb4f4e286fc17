"""Letters that account management writes, besides those on an incident's own events."""
