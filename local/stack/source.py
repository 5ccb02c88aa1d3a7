"""A template as it is written: its values, and the lines they stand on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

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


MISSHAPEN = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
"""What one runs into where a value has another shape than CloudFormation would take, or refers to itself."""


def misshapen(error: Exception, resource: str | None = None, key: str | None = None) -> TemplateError:
    """Say it in a sentence."""
    if isinstance(error, RecursionError):
        return TemplateError(f"{resource or 'The template'} refers to itself.", resource)
    where = f"The {key} of {resource}" if key else resource or "The template"
    return TemplateError(f"{where} has a value of the wrong shape: {type(error).__name__}: {error}.", resource)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # C's where there is one
    """Reads the short forms, ``!Ref`` and ``!Sub``, as CloudFormation does."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


MAX_VALUES = 100_000
"""Of a template, more than CloudFormation's limit of 1 MB has room for in practice."""


@dataclass(frozen=True)
class Source:
    """
    Attributes:
        content: Sections, of which ``Parameters`` and ``Resources`` are mappings of mappings with a Type.
        lines: From a section and a name in it to the number of its line.

    """

    path: Path
    content: dict[str, Any]
    lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def written(self, made: str) -> str:
        """Return the resource of the template that SAM has made one from: its id begins with that one's."""
        names = [name for section, name in self.lines if section == "Resources" and made.startswith(name)]
        return max(names, key=len, default=made)

    def place(self, resource: str) -> str:
        """Return the file, and the line where it is known, of a resource."""
        line = self.lines.get(("Resources", self.written(resource)))
        return f"{self.path}:{line}" if line else str(self.path)

    def located(self, error: TemplateError) -> TemplateError:
        """Return the error with file and line in front, where they are known."""
        line = self.lines.get(("Resources", self.written(error.resource or "")))
        line = line or self.lines.get(("Parameters", error.resource or ""))
        return TemplateError(f"{self.path}:{line}: {error}") if line else error


def read(path: Path) -> Source:
    """
    Read a template.

    Raises:
        TemplateError: If there is no such file, or it is none.

    """
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        if node and _size(node, {}) > MAX_VALUES:
            raise TemplateError(f"The template {path} grows beyond {MAX_VALUES:,} values, by aliases of aliases.")
        content = loader.construct_document(node) if node else None
    except OSError as error:
        raise TemplateError(f"The template {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TemplateError(f"The template {path} is not YAML: it is not UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise TemplateError(f"{where}: The template is not YAML: {problem}.") from error
    if not isinstance(content, dict) or not isinstance(content.get("Resources"), dict):
        is_serverless = isinstance(content, dict) and {"service", "provider"} <= content.keys()
        what = "is one of the Serverless Framework; SAM's and CloudFormation's are served here"
        raise TemplateError(f"The template {path} {what if is_serverless else 'has no Resources'}.")
    lines: dict[tuple[str, str], int] = {}
    for (section, name), line in _lines(node):
        if (section, name) in lines:
            raise TemplateError(f"{path}:{line}: {name} is twice in the {section}.")
        lines[section, name] = line
    source = Source(path, content, lines)
    _check(source)
    return source


SAM, LANGUAGE_EXTENSIONS = "AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"
"""The macros that are run here."""

EVENTS = "Events"
"""Where a function's Metadata keeps the names of its events: SAM makes a resource of each, and templates name it."""


def transforms(content: Mapping[str, Any]) -> list[str]:
    """Return the names of the macros that a template asks for."""
    written = content.get("Transform") or []
    every = written if isinstance(written, list) else [written]
    if "Fn::Transform" in content:
        every = [*every, content["Fn::Transform"]]
    return [str(each.get("Name") if isinstance(each, dict) else each) for each in every]


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the values in a node, as often as aliases repeat them."""
    if id(node) not in known:
        known[id(node)] = 1  # in case it holds itself
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        every = [each for part in parts for each in (part if isinstance(part, tuple) else (part,))]
        known[id(node)] = 1 + sum(_size(each, known) for each in every)
    return known[id(node)]


def _lines(document: yaml.MappingNode) -> Iterator[tuple[tuple[str, str], int]]:
    for section, members in document.value:
        if isinstance(members, yaml.MappingNode):
            for name, _ in members.value:
                yield (section.value, name.value), name.start_mark.line + 1


def _check(source: Source) -> None:
    for section in ("Conditions", "Globals", "Mappings", "Outputs", "Parameters", "Resources"):
        if not isinstance(source.content.get(section, {}), dict):
            raise TemplateError(f"The {section} of {source.path} are not a mapping.")
    made = transforms(source.content)
    for section in ("Parameters", "Resources"):
        for name, each in source.content.setdefault(section, {}).items():
            if wrong := _wrong(section, name, each, made):
                raise TemplateError(f"{source.path}:{source.lines.get((section, name), 1)}: {wrong}")


def _wrong(section: str, name: str, each: Any, made: list[str]) -> str | None:
    """Return what is wrong with a parameter or a resource, as far as its shape goes."""
    if name.startswith("Fn::ForEach"):  # expanded later, by whoever knows how
        return None if LANGUAGE_EXTENSIONS in made else f"{name} needs {LANGUAGE_EXTENSIONS} among the Transforms."
    if name == "Fn::Transform":
        return f"Some of the {section} are made by Fn::Transform, which is not run here."
    if isinstance(each, dict) and "Fn::Transform" in each:
        return f"{name} is made by Fn::Transform, which is not run here."
    if not isinstance(each, dict) or not isinstance(kind := each.get("Type"), str):
        return f"{name}, in the {section}, has no Type."
    if kind.startswith("AWS::Serverless::") and SAM not in made:
        return f"{name} is of a type of SAM's, and the template has no Transform: {SAM}."
    properties = each.setdefault("Properties", {}) if section == "Resources" else {}
    if not isinstance(properties, dict):
        return f"The Properties of {name} are not a mapping."
    routes = properties.get("Routes", {}) if kind == "AWS::Serverless::WebSocketApi" else {}
    if odd := [key for key, route in routes.items() if not isinstance(route, dict)]:
        return f"The route {odd[0]} of {name} is not a mapping."
    return None
