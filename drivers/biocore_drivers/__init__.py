"""Drivers of the devices that come with biocore; each is found by its entry point."""
