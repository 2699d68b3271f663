"""x."""
def capture() -> None:
    """X."""
