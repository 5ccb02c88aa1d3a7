"""A template as it is written: its values, and the lines they stand on."""

import contextlib
import json
import re
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


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # C's where there is one
    """Reads the short forms, ``!Ref`` and ``!Sub``, as CloudFormation does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        """Return a mapping whose keys are text, whatever YAML takes them for. Of two equal ones the last counts."""
        mapping = super().construct_mapping(node, deep)
        return {str(key).lower() if isinstance(key, bool) else str(key): each for key, each in mapping.items()}


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)
_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)  # a lone =, which is text


MAX_VALUES = 100_000
"""Of a template, more than CloudFormation's limit of 1 MB has room for in practice."""


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


def read(path: Path) -> Source:
    """
    Read a template.

    Raises:
        TemplateError: If there is no such file, or it is none.

    """
    try:
        content, node = _parse(path.read_text(encoding="utf-8-sig"), path)
    except OSError as error:
        raise TemplateError(f"The template {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TemplateError(f"The template {path} is not YAML: it is not UTF-8.") from error
    except RecursionError as error:
        raise TemplateError(f"The template {path} is nested too deeply.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise TemplateError(f"{where}: The template is not YAML: {problem}.") from error
    if not isinstance(content, dict) or not isinstance(content.get("Resources"), dict):
        is_serverless = isinstance(content, dict) and {"service", "provider"} <= content.keys()
        what = "is one of the Serverless Framework; SAM's and CloudFormation's are served here"
        raise TemplateError(f"The template {path} {what if is_serverless else 'has no Resources'}.")
    twice = [f"{path}:{line}: {name} is declared twice; the last one counts." for name, line in _twice(node, set())]
    source = Source(path, content, dict(_lines(node)), twice)
    _check(source)
    return source


def _parse(text: str, path: Path) -> tuple[Any, yaml.Node | None]:
    """Return what a template has in it, and the nodes with its lines."""
    content = _json(text)
    if content is not None:  # YAML takes neither tabs nor surrogates; without its nodes, only the lines are missing
        with contextlib.suppress(yaml.YAMLError):
            return content, yaml.compose(re.sub(r"\\u[dD][89a-fA-F]..", "?", text.expandtabs()), _Loader)
        return content, None
    loader = _Loader(text)
    node = loader.get_single_node()
    if node and _size(node, {}) > MAX_VALUES:
        raise TemplateError(f"The template {path} grows beyond {MAX_VALUES:,} values, by aliases of aliases.")
    return (loader.construct_document(node) if node else None), node


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:  # it may be YAML's own notation of a mapping
        return None


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


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the values in a node, as often as aliases repeat them."""
    if id(node) not in known:
        known[id(node)] = 1  # in case it holds itself
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        every = [each for part in parts for each in (part if isinstance(part, tuple) else (part,))]
        known[id(node)] = 1 + sum(_size(each, known) for each in every)
    return known[id(node)]


def _lines(document: yaml.Node | None) -> Iterator[tuple[tuple[str, str], int]]:
    for section, members in document.value if isinstance(document, yaml.MappingNode) else ():
        if isinstance(members, yaml.MappingNode):
            for name, _ in members.value:
                yield (str(section.value), str(name.value)), name.start_mark.line + 1


def _twice(node: yaml.Node | None, known: set[int]) -> Iterator[tuple[str, int]]:
    """Yield each key that stands in a mapping again, and its line."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in known:
        return
    known.add(id(node))
    keys: set[str] = set()
    for part in node.value:
        key, value = part if isinstance(part, tuple) else (None, part)
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys:
                yield key.value, key.start_mark.line + 1
            keys.add(key.value)
        yield from _twice(value, known)


def _check(source: Source) -> None:
    for section in ("Conditions", "Globals", "Mappings", "Outputs", "Parameters", "Resources"):
        if not isinstance(source.content.get(section, {}), dict):
            raise TemplateError(f"The {section} of {source.path} are not a mapping.")
    made = transforms(source.content)
    _leave_transforms_out(source)
    for section in ("Parameters", "Resources"):
        for name, each in source.content.setdefault(section, {}).items():
            if wrong := _wrong(section, name, each, made):
                raise TemplateError(f"{source.path}:{source.lines.get((section, name), 1)}: {wrong}")


def _leave_transforms_out(source: Source) -> None:
    """Say which resources a macro would make, or change, and keep what is known of them."""
    resources = source.content["Resources"]
    for name in [each for each, made in resources.items() if each == "Fn::Transform" or _is_transformed(made)]:
        which = "Some of the Resources are" if name == "Fn::Transform" else f"{name} is"
        source.notes.append(f"{source.place(name)}: {which} made by Fn::Transform, which is not run here.")
        if name == "Fn::Transform":
            del resources[name]
        else:
            resources[name].pop("Fn::Transform")
            resources[name].setdefault("Type", "Fn::Transform")


def _is_transformed(resource: Any) -> bool:
    return isinstance(resource, dict) and "Fn::Transform" in resource


def _wrong(section: str, name: str, each: Any, made: list[str]) -> str | None:
    """Return what is wrong with a parameter or a resource, as far as its shape goes."""
    if name.startswith("Fn::ForEach"):  # expanded later, by whoever knows how
        return None if LANGUAGE_EXTENSIONS in made else f"{name} needs {LANGUAGE_EXTENSIONS} among the Transforms."
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
