"""Errors in a template."""

from local.errors import CannotDo


class TemplateError(CannotDo):
    """
    The template, or a parameter given for it, is wrong. The text is a whole sentence.

    Args:
        resource: The logical id of the resource at fault, or the name of the parameter, if it is one.

    """

    def __init__(self, text: str, resource: str | None = None) -> None:
        super().__init__(text)
        self.resource = resource


class Elsewhere(TemplateError):
    """A value that AWS would have, from another stack or a macro, and that nobody has here."""


MISSHAPEN = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
"""What one runs into where a value has another shape than CloudFormation would take, or refers to itself."""


def misshapen(error: Exception, resource: str | None = None, key: str | None = None) -> TemplateError:
    """Say it in a sentence."""
    if isinstance(error, RecursionError):
        return TemplateError(f"{resource or 'The template'} refers to itself.", resource)
    where = f"The {key} of {resource}" if key else resource or "The template"
    return TemplateError(f"{where} has a value of the wrong shape: {type(error).__name__}: {error}.", resource)
