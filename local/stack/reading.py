"""Reads a template from its file, and checks that its sections, resources and parameters have the right form."""

from pathlib import Path
from typing import Any

import yaml

from local.stack.errors import TemplateError
from local.stack.parsing import Parsed, lines, parse
from local.stack.source import LANGUAGE_EXTENSIONS, SAM, Source, transforms


def read(path: Path) -> Source:
    """
    Read a template.

    Raises:
        TemplateError: If the file cannot be read, or is not a template.

    """
    parsed = _parsed(path)
    content = parsed.content
    if not isinstance(content, dict) or not isinstance(content.get("Resources"), dict):
        if isinstance(content, dict) and {"service", "provider"} <= content.keys():
            text = f"The template {path} is for the Serverless Framework; it must be for SAM or CloudFormation."
            raise TemplateError(text)
        raise TemplateError(f"The template {path} has no Resources.")
    notes = [f"{path}:{line}: {name} is declared twice; the last declaration counts." for name, line in parsed.repeated]
    source = Source(path, content, dict(lines(parsed.node)), notes)
    _check(source)
    return source


def _parsed(path: Path) -> Parsed:
    try:
        return parse(path.read_text(encoding="utf-8-sig"), path)
    except OSError as error:
        raise TemplateError(f"The template {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TemplateError(f"The template {path} is not YAML: it is not UTF-8.") from error
    except ValueError as error:  # for example, a date that does not exist
        raise TemplateError(f"The template {path} is not YAML: {error}.") from error
    except RecursionError as error:
        raise TemplateError(f"The template {path} is nested too deeply.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise TemplateError(f"{where}: The template is not YAML: {problem}.") from error


def _check(source: Source) -> None:
    """Raise a TemplateError if a section, a resource or a parameter has the wrong form."""
    for section in ("Conditions", "Globals", "Mappings", "Outputs", "Parameters", "Resources"):
        if not isinstance(source.content.get(section, {}), dict):
            raise TemplateError(f"The {section} of {source.path} are not a mapping.")
    macros = transforms(source.content)
    _remove_transforms(source)
    for section in ("Parameters", "Resources"):
        for name, member in source.content.setdefault(section, {}).items():
            if problem := _problem(section, name, member, macros):
                raise TemplateError(f"{source.path}:{source.lines.get((section, name), 1)}: {problem}")


def _remove_transforms(source: Source) -> None:
    """Remove each ``Fn::Transform`` from the resources, with a note. The rest of a resource stays."""
    resources = source.content["Resources"]
    for name in [name for name, resource in resources.items() if name == "Fn::Transform" or _is_transformed(resource)]:
        which = "some of the Resources" if name == "Fn::Transform" else name
        source.notes.append(source.note(f"Fn::Transform makes {which}, and the gateway does not run it.", name))
        if name == "Fn::Transform":
            del resources[name]
        else:
            resources[name].pop("Fn::Transform")
            resources[name].setdefault("Type", "Fn::Transform")


def _is_transformed(resource: Any) -> bool:
    return isinstance(resource, dict) and "Fn::Transform" in resource


def _problem(section: str, name: str, member: Any, macros: list[str]) -> str | None:
    """Return a sentence about the wrong form of a parameter or a resource, or None if the form is right."""
    if name.startswith("Fn::ForEach"):  # translation.py expands loops
        return None if LANGUAGE_EXTENSIONS in macros else f"{name} needs the Transform {LANGUAGE_EXTENSIONS}."
    if not isinstance(member, dict) or not isinstance(kind := member.get("Type"), str):
        return f"{name} in the section {section} has no Type."
    if kind.startswith("AWS::Serverless::") and SAM not in macros:
        return f"The type of {name} is one of SAM's, but the template has no Transform: {SAM}."
    properties = member.setdefault("Properties", {}) if section == "Resources" else {}
    if not isinstance(properties, dict):
        return f"The Properties of {name} are not a mapping."
    routes = properties.get("Routes", {}) if kind == "AWS::Serverless::WebSocketApi" else {}
    if not_mappings := [key for key, route in routes.items() if not isinstance(route, dict)]:
        return f"The route {not_mappings[0]} of {name} is not a mapping."
    return None
