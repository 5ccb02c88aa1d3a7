"""Reads the functions of a template: their code, layers, environment and settings."""

import contextlib
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.stack.app import LATEST, MAX_TIMEOUT, Function, Logging
from local.stack.errors import WRONG_SHAPE, OnlyOnAws, TemplateError, wrong_shape
from local.stack.intrinsics import as_text
from local.stack.permissions import policy
from local.stack.resources import Resources
from local.stack.source import Source
from local.stack.translation import local_folder

MIN_MEMORY, MAX_MEMORY = 128, 10_240
"""The bounds of a function's memory, in MB (Lambda's quota)."""

RESERVED = (
    "AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE "
    "AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME "
    "AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN "
    "LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT _HANDLER _X_AMZN_TRACE_ID"
)
"""
The variables that Lambda sets, so that a template may not.

Source: "Defined runtime environment variables", Lambda developer guide.

"""

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""The values that an ApplicationLogLevel may have."""


@dataclass(frozen=True)
class Functions:
    """
    The functions of a template.

    Attributes:
        usable: The functions that the gateway can run, by logical id.
        unusable: A note for each function that the gateway cannot run, by the function's name on AWS.
        notes: Notes about settings that are not imitated, and about layers.

    """

    usable: dict[str, Function] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_functions(resources: Resources, source: Source) -> Functions:
    """Read all functions and layers. A function that the gateway cannot run does not stop the others."""
    functions = Functions()
    layers: dict[str, tuple[Path, ...]] = {}
    for name in resources.names("AWS::Lambda::LayerVersion"):
        try:
            layers[name] = _layer_path(_folder(resources.properties(name)["Content"], name, source))
        except TemplateError as error:
            layers[name] = ()
            functions.notes.append(source.note(str(error), error.resource or name))
    for name in resources.names("AWS::Lambda::Function", "AWS::Serverless::Function"):
        try:
            functions.usable[name] = _function(name, resources, layers, source, functions.notes)
        except TemplateError as error:
            functions.unusable[resources.physical_name(name)] = source.note(str(error), error.resource or name)
        except WRONG_SHAPE as error:
            functions.unusable[name] = source.note(str(wrong_shape(error, name)), name)
    return functions


def _function(
    name: str, resources: Resources, layers: Mapping[str, tuple[Path, ...]], source: Source, notes: list[str]
) -> Function:
    properties = resources.properties(name)
    runtime, code = _runtime(properties, name), properties.get("Code", {})
    if missing := [str(layer) for layer in properties.get("Layers", []) if layer not in layers]:
        text = f"The template does not contain these layers of {name}: {', '.join(missing)}."
        notes.append(source.note(f"{text} Install their packages for the gateway's Python.", name))
    inline = code.get("ZipFile")
    own_path = () if inline is not None else (_folder(code, name, source),)
    aliases = {
        str(each["Name"]): str(each["FunctionVersion"]) for each in _of("AWS::Lambda::Alias", properties, resources)
    }
    published = {"1" for _ in _of("AWS::Lambda::Version", properties, resources)}
    layer_path = [folder for layer in properties.get("Layers", []) for folder in layers.get(layer, ())]
    return Function(
        name=name,
        path=(*own_path, *layer_path),
        handler=_handler(properties, name),
        environment=_environment(properties.get("Environment", {}), name),
        timeout=number(properties, "Timeout", 3, (1, MAX_TIMEOUT), name),
        memory=number(properties, "MemorySize", 128, (MIN_MEMORY, MAX_MEMORY), name),
        function_name=properties["FunctionName"],
        inline=inline,
        policy=policy(properties.get("Role"), resources),
        role=str(properties.get("Role", "")).rpartition("/")[2],
        runtime=runtime,
        logging=_logging(properties.get("LoggingConfig", {}), name, source, notes),
        aliases=aliases,
        versions=frozenset(published | {*aliases.values()} - {LATEST}),
    )


def _runtime(properties: Mapping[str, Any], name: str) -> str:
    if "Image" in properties.get("PackageType", ""):
        raise TemplateError(f"{name} is a container image; the gateway runs only Python functions.", name)
    runtime = str(properties.get("Runtime", ""))
    if not runtime.startswith("python"):
        text = f"The Runtime of {name} is {runtime or 'missing'}; the gateway runs only Python functions."
        raise TemplateError(text, name)
    return runtime


def _logging(written: Mapping[str, Any], name: str, source: Source, notes: list[str]) -> Logging:
    log_format = str(written.get("LogFormat", "Text"))
    if log_format not in {"Text", "JSON"}:
        raise TemplateError(f"The LogFormat of {name} is {log_format}; it must be Text or JSON.", name)
    levels = {key: str(written[key]) for key in ("ApplicationLogLevel", "SystemLogLevel") if key in written}
    if levels and log_format != "JSON":
        text = f"The {next(iter(levels))} of {name} needs the LogFormat JSON, but the LogFormat is Text."
        raise TemplateError(text, name)
    level = levels.get("ApplicationLogLevel", "INFO")
    if level not in LEVELS:
        text = f"The ApplicationLogLevel of {name} is {level}; it must be one of {', '.join(LEVELS)}."
        raise TemplateError(text, name)
    if "SystemLogLevel" in levels:
        text = f"The SystemLogLevel of {name} is not imitated: the gateway does not write Lambda's own log lines."
        notes.append(source.note(text, name))
    return Logging(log_format, level if log_format == "JSON" else "", str(written.get("LogGroup", "")))


def _of(kind: str, function: Mapping[str, Any], resources: Resources) -> Iterator[dict[str, Any]]:
    """Yield the properties of each alias, or of each version, of a function. Those of another stack are left out."""
    for name in resources.names(kind):
        with contextlib.suppress(OnlyOnAws):
            properties = resources.properties(name)
            if str(properties["FunctionName"]).rpartition(":")[2] == function["FunctionName"]:
                yield properties


def _handler(properties: Mapping[str, Any], name: str) -> str:
    handler: str = properties.get("Handler", "")
    if not handler:
        raise TemplateError(f"{name} has no Handler.", name)
    if not re.fullmatch(r"\S+\.[^\s.]+", handler):
        raise TemplateError(f"The Handler of {name} is {handler}; it must be module.function.", name)
    return handler


def number(properties: Mapping[str, Any], key: str, default: int, bounds: tuple[int, int], name: str) -> int:
    """Return a whole number among the properties of a resource. Raises TemplateError if it is out of bounds."""
    value = str(properties.get(key, default))
    least, most = bounds
    if not value.isdecimal() or not least <= int(value) <= most:
        text = f"The {key} of {name} is {value}; it must be a number from {least} to {most}."
        raise TemplateError(text, name)
    return int(value)


def _folder(code: Mapping[str, Any], name: str, source: Source) -> Path:
    name = source.declared_name(name)
    folder = local_folder(code, source.path.parent.resolve())
    if folder is None:
        raise TemplateError(f"The code of {name} is not a local folder.", name)
    if not folder.exists():
        raise TemplateError(f"The code of {name} should be in {folder}, which does not exist.", name)
    if not folder.is_dir() and not zipfile.is_zipfile(folder):
        raise TemplateError(f"The code of {name} is {folder}, which is neither a folder nor a zip archive.", name)
    return folder


def _layer_path(folder: Path) -> tuple[Path, ...]:
    """Return the folders of a layer where Python looks for modules."""
    # With a BuildMethod, `sam build` puts the content below python/. Without one, the content is already there.
    packages = f"python/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    below = [folder / name for name in ("python", packages) if _has(folder, name)]
    return tuple(below) if folder / "python" in below else (folder, *below)


def _has(folder: Path, name: str) -> bool:
    """Return whether a folder or an archive has a folder of this name."""
    if folder.is_dir():
        return (folder / name).is_dir()
    with zipfile.ZipFile(folder) as archive:
        return any(member.startswith(f"{name}/") for member in archive.namelist())


def _environment(written: Mapping[str, Any], name: str) -> dict[str, str]:
    if unknown := [key for key in written if key != "Variables"]:
        raise TemplateError(f"The Environment of {name} has {unknown[0]}; it may have Variables only.", name)
    return {key: _variable(key, value, name) for key, value in written.get("Variables", {}).items()}


def _variable(key: str, value: Any, name: str) -> str:
    if key in RESERVED.split():
        raise TemplateError(f"The variable {key} of {name} is reserved; Lambda sets it.", name)
    if value is None or isinstance(value, dict | list):
        raise TemplateError(f"The variable {key} of {name} is {value!r}; it must be text.", name)
    return as_text(value)
