"""A template as the user wrote it: its values, and the line of each resource and parameter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.stack.errors import TemplateError


@dataclass(frozen=True)
class Source:
    """
    Attributes:
        path: The template's file.
        content: The sections of the template by name. ``Parameters`` and ``Resources`` are mappings. Each of their
            members is a mapping with a Type, or a ``Fn::ForEach`` loop.
        lines: The line of each name in a section, by section and name.
        notes: Notes about the way the template is written.

    """

    path: Path
    content: dict[str, Any]
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def declared_name(self, name: str) -> str:
        """Return the logical id that the template declares for a resource: SAM adds endings to it."""
        declared = [each for section, each in self.lines if section == "Resources" and name.startswith(each)]
        return max(declared, key=len, default=name)

    def place(self, name: str) -> str:
        """Return the file of a resource or a parameter, with the line where the line is known."""
        line = self._line(name)
        return f"{self.path}:{line}" if line else str(self.path)

    def note(self, text: str, name: str = "") -> str:
        """
        Return a note for the user: the text, after its place.

        Args:
            text: One or more whole sentences.
            name: The resource or the parameter that the note is about. Empty: the note is about the whole template.

        """
        return f"{self.place(name)}: {text}"

    def located(self, error: TemplateError) -> TemplateError:
        """Return the error with file and line before its text, where the line is known."""
        line = self._line(error.resource or "")
        return TemplateError(f"{self.path}:{line}: {error}") if line else error

    def _line(self, name: str) -> int | None:
        return self.lines.get(("Resources", self.declared_name(name))) or self.lines.get(("Parameters", name))


SAM, LANGUAGE_EXTENSIONS = "AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"
"""The macros that the gateway runs."""

EVENTS = "python -m local: events"
"""
The key of a function's Metadata that keeps the names of the function's events.

SAM would make a resource of each event. The gateway leaves events out, but a template may refer to such a resource.

"""


def transforms(content: Mapping[str, Any]) -> list[str]:
    """Return the names of the macros that a template uses as a whole."""
    written = content.get("Transform") or []
    macros = written if isinstance(written, list) else [written]
    if "Fn::Transform" in content:
        macros = [*macros, content["Fn::Transform"]]
    return [str(macro.get("Name") if isinstance(macro, dict) else macro) for macro in macros]
