"""The error classes of this package."""


class BuildError(ValueError):
    """Input from which no benchmark can be built; the message names file and line, or the count that falls short."""


class UnmetNeedError(Exception):
    """The people drawn cannot form a sample; the message names the need that they do not meet."""
