"""Damaged input, by chance and guided by coverage."""
