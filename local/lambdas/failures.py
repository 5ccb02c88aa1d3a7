"""
The errors of a function: as Lambda's runtime returns and prints them, and as a sentence for the developer.

Runs in the worker process: it imports nothing else of the gateway but ``contract``.

"""

import os
import sys
import traceback
import types
from typing import Any

from local.lambdas.contract import LambdaContext, error_of

OWN_FOLDER = os.path.dirname(__file__)
"""The folder of this package. Frames of its modules come before the function's own frames in a traceback."""


class HandlerNotFound(Exception):
    """The module of the handler does not have the handler."""


def import_error(error: Exception, handler: str) -> dict[str, Any]:
    """
    Return the error of a handler that cannot be imported, in Lambda's shape.

    Args:
        handler: The template's ``Handler``, such as ``module.function``.

    """
    module, _, name = handler.rpartition(".")
    if isinstance(error, ImportError):
        return error_of(f"Unable to import module '{module}': {error}", "Runtime.ImportModuleError", [])
    if isinstance(error, HandlerNotFound):
        return error_of(f"Handler '{name}' missing on module '{module}'", "Runtime.HandlerNotFound", [])
    if isinstance(error, SyntaxError):
        line = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        return error_of(f"Syntax error in module '{module}': {error}", "Runtime.UserCodeSyntaxError", line)
    return error_of(str(error), type(error).__name__, _frames(error))


def import_advice(error: Exception, function: dict[str, Any]) -> str:
    """
    Return why a handler cannot be imported, with the file and the line at fault.

    Args:
        function: As ``worker.main`` gets it.

    """
    if isinstance(error, HandlerNotFound):
        return f"{error}, which its Handler {function['handler']} asks for."
    line = _line_at_fault(error, function)
    if isinstance(error, ModuleNotFoundError):
        if not line:
            folder = relative(function["path"][0], function["home"]) if function["path"] else "it"
            return f"{error} in {folder}, which its Handler {function['handler']} asks for."
        advice = (
            f"Install it with {sys.executable} -m pip, or serve what sam build makes: .aws-sam/build/template.yaml."
        )
        return f"{line}: {error}. {advice}"
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{line}: {type(error).__name__}: {message}" if line else f"{type(error).__name__}: {message}"


def handler_error(error: Exception, context: LambdaContext) -> dict[str, Any]:
    """Print the error of a handler with its traceback, and return it in Lambda's shape."""
    traceback.print_exception(type(error), error, function_frames(error))
    return error_of(str(error), type(error).__name__, _frames(error), context.aws_request_id)


def marshal_error(result: Any, error: Exception, context: LambdaContext) -> dict[str, Any]:
    """Print that a result cannot be written as JSON, and return this error in Lambda's shape."""
    if isinstance(result, types.CoroutineType):
        result.close()  # or Python warns that it was never awaited
    message = f"Unable to marshal response: {error}"
    print(f"Runtime.MarshalError: {message}")
    return error_of(message, "Runtime.MarshalError", [], context.aws_request_id)


def function_frames(error: BaseException) -> types.TracebackType | None:
    """Return the traceback of an error from the first frame that is not the worker's own."""
    frames = error.__traceback__
    while frames and _is_own(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return frames


def relative(path: str | None, folder: str) -> str:
    """Return a path relative to a folder if it is inside; for a module without a file, "it"."""
    if path is None or not os.path.isabs(path):
        return path or "it"
    shortened = os.path.relpath(path, folder)
    return path if shortened.startswith("..") else shortened


def _line_at_fault(error: Exception, function: dict[str, Any]) -> str:
    """Return the function's own file and line that an error comes from; empty if it comes from elsewhere."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{relative(error.filename, function['home'])}:{error.lineno}"
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == "index.py" or frame.filename.startswith(tuple(function["path"]))
    ]
    return f"{relative(own[-1].filename, function['home'])}:{own[-1].lineno}" if own else ""


def _frames(error: Exception) -> list[str]:
    """Return the lines of a traceback as Lambda's runtime does, without marks below the code."""
    frames = traceback.extract_tb(function_frames(error))
    return traceback.format_list([(frame.filename, frame.lineno or 0, frame.name, frame.line) for frame in frames])


def _is_own(filename: str) -> bool:
    return filename == "<string>" or os.path.dirname(filename) == OWN_FOLDER  # <string>: the line that starts a worker
