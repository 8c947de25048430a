"""The error class of this package."""


class BuildError(ValueError):
    """Input from which no benchmark can be built; the message names file and line, or the count that falls short."""
