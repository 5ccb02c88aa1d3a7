"""Errors in a template, as sentences for the user."""

from local.errors import CannotDo


class TemplateError(CannotDo):
    """
    The template is wrong, or a parameter given for it. The text is one or more whole sentences.

    Args:
        resource: The logical id of the wrong resource, or the name of the wrong parameter. None if it is neither.

    """

    def __init__(self, text: str, resource: str | None = None) -> None:
        super().__init__(text)
        self.resource = resource


class OnlyOnAws(TemplateError):
    """The template uses a value that only AWS can give: a value of another stack, or of a macro."""


WRONG_SHAPE = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
"""Python's errors when a value has a shape that CloudFormation would refuse, or when a value refers to itself."""


def wrong_shape(error: Exception, resource: str | None = None, key: str | None = None) -> TemplateError:
    """
    Turn one of the errors of ``WRONG_SHAPE`` into a sentence.

    Args:
        resource: The logical id of the resource with the wrong value, where it is known.
        key: The property of the resource with the wrong value, where it is known.

    """
    if isinstance(error, RecursionError):
        return TemplateError(f"{resource or 'The template'} refers to itself.", resource)
    where = f"The {key} of {resource}" if key else resource or "The template"
    return TemplateError(f"{where} has a value of the wrong shape: {type(error).__name__}: {error}.", resource)
