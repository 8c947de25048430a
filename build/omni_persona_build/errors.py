"""The one error of this room."""


class BuildError(ValueError):
    """Input that no benchmark can be built from; the message names file and line, or the count that fails."""
