"""The error of this room."""


class PoolError(ValueError):
    """A persona pool that cannot be read or made; the message names file and line."""
