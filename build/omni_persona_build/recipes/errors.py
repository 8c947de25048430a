"""The error that users of this package meet."""


class BuildError(ValueError):
    """Input from which no benchmark can be built; the message names file and line, or the count that falls short."""
