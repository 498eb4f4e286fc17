"""What pages and actions read of agreements."""
