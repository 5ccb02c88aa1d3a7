"""A template as it is written: its values, and the lines they stand on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.stack.errors import TemplateError


@dataclass(frozen=True)
class Source:
    """
    Attributes:
        content: Sections, of which ``Parameters`` and ``Resources`` are mappings of mappings with a Type.
        lines: From a section and a name in it to the number of its line.
        notes: What is to be said of it, each a sentence with its line.

    """

    path: Path
    content: dict[str, Any]
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def written(self, made: str) -> str:
        """Return the resource of the template that SAM has made one from: its id begins with that one's."""
        names = [name for section, name in self.lines if section == "Resources" and made.startswith(name)]
        return max(names, key=len, default=made)

    def place(self, resource: str) -> str:
        """Return the file, and the line where it is known, of a resource."""
        line = self.lines.get(("Resources", self.written(resource)))
        return f"{self.path}:{line}" if line else str(self.path)

    def said(self, text: str, resource: str) -> str:
        """Return a sentence about a resource, or a parameter, with file and line in front."""
        return str(self.located(TemplateError(text, resource)))

    def located(self, error: TemplateError) -> TemplateError:
        """Return the error with file and line in front, where they are known."""
        line = self.lines.get(("Resources", self.written(error.resource or "")))
        line = line or self.lines.get(("Parameters", error.resource or ""))
        return TemplateError(f"{self.path}:{line}: {error}") if line else error


SAM, LANGUAGE_EXTENSIONS = "AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"
"""The macros that are run here."""

EVENTS = "python -m local: events"
"""Where a function's Metadata keeps the names of its events: SAM makes a resource of each, and templates name it."""


def transforms(content: Mapping[str, Any]) -> list[str]:
    """Return the names of the macros that a template asks for."""
    written = content.get("Transform") or []
    every = written if isinstance(written, list) else [written]
    if "Fn::Transform" in content:
        every = [*every, content["Fn::Transform"]]
    return [str(each.get("Name") if isinstance(each, dict) else each) for each in every]
