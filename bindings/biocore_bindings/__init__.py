"""Doors into the engine for people and for other programs."""
