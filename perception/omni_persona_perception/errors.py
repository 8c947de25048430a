"""What perception raises."""


class MediaError(ValueError):
    """A picture or a clip that cannot be used; the message says why, the caller adds whose it is."""
