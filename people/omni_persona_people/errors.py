"""The error class of this package."""


class PoolError(ValueError):
    """A persona pool that cannot be read or made; the message names file and line."""
