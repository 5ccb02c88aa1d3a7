"""Reads a template, and checks its shape."""

from pathlib import Path
from typing import Any

import yaml

from local.stack.errors import TemplateError
from local.stack.parsing import duplicates, lines, parse
from local.stack.source import LANGUAGE_EXTENSIONS, SAM, Source, transforms


def read(path: Path) -> Source:
    """
    Read a template.

    Raises:
        TemplateError: If there is no such file, or it is none.

    """
    try:
        content, node = parse(path.read_text(encoding="utf-8-sig"), path)
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
    twice = [f"{path}:{line}: {name} is declared twice; the last one counts." for name, line in duplicates(node, set())]
    source = Source(path, content, dict(lines(node)), twice)
    _check(source)
    return source


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
