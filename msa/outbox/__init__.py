"""Durable messages between apps, mail to people, and the engine's own pulse."""
