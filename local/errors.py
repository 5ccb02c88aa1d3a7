"""What ends ``python -m local`` with a sentence instead of a traceback."""


class CannotDo(Exception):
    """What the user asked for cannot be done. The text is a whole sentence, and the status 1."""
