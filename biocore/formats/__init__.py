"""Records and pictures as bytes; nothing here knows an algorithm."""
