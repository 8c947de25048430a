"""The error class of this package."""


class MediaError(ValueError):
    """A picture or a clip that cannot be used; the message gives the reason, and the caller adds the file or item."""
