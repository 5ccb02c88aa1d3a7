"""The functions of a template: where their code lies, and what they see."""

import re
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.stack.app import MAX_TIMEOUT, Function, Logging
from local.stack.errors import MISSHAPEN, TemplateError, misshapen
from local.stack.intrinsics import text
from local.stack.permissions import policy
from local.stack.resources import Resources
from local.stack.source import Source
from local.stack.translation import local_folder

MAX_MEMORY = 10_240
"""MB that a function may have at most (Lambda's quota)."""

RESERVED = (
    "AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE "
    "AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME "
    "AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN "
    "LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT _HANDLER _X_AMZN_TRACE_ID"
)
"""Variables that Lambda sets. Source: "Defined runtime environment variables", Lambda developer guide."""

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""What an ApplicationLogLevel may be."""


@dataclass(frozen=True)
class Functions:
    """
    Attributes:
        usable: By logical id.
        unusable: Why not, by the name that AWS would know it by: a sentence.
        notes: What else is to be said.

    """

    usable: dict[str, Function] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def functions(resources: Resources, source: Source) -> Functions:
    """Read all functions; one that cannot run here does not stop the others."""
    found = Functions()
    layers: dict[str, tuple[Path, ...]] = {}
    for name in resources.names("AWS::Lambda::LayerVersion"):
        try:
            layers[name] = _layer_path(_folder(resources.properties(name)["Content"], name, source))
        except TemplateError as error:
            layers[name] = ()
            found.notes.append(str(source.located(error)))
    for name in resources.names("AWS::Lambda::Function", "AWS::Serverless::Function"):
        try:
            found.usable[name] = _function(name, resources, layers, source, found.notes)
        except TemplateError as error:
            found.unusable[resources.physical_name(name)] = str(source.located(error))
        except MISSHAPEN as error:
            found.unusable[name] = str(source.located(misshapen(error, name)))
    return found


def _function(
    name: str, resources: Resources, layers: Mapping[str, tuple[Path, ...]], source: Source, notes: list[str]
) -> Function:
    properties = resources.properties(name)
    runtime, code = str(properties.get("Runtime", "")), properties.get("Code", {})
    if "Image" in properties.get("PackageType", ""):
        raise TemplateError(f"{name} is a container image, and only Python functions run here.", name)
    if not runtime.startswith("python"):
        raise TemplateError(f"{name} runs on {runtime or 'no runtime'}, and only Python functions run here.", name)
    if missing := [each for each in properties.get("Layers", []) if each not in layers]:
        left_out = ", ".join(map(str, missing))
        notes.append(f"{name}: the layer {left_out} is not one of the template; what it holds must be installed here.")
    inline = code.get("ZipFile")
    own = () if inline is not None else (_folder(code, name, source),)
    shared = [folder for each in properties.get("Layers", []) for folder in layers.get(each, ())]
    return Function(
        name=name,
        path=(*own, *shared),
        handler=_handler(properties, name),
        environment=_environment(properties.get("Environment", {}), name),
        timeout=_number(properties, "Timeout", 3, (1, MAX_TIMEOUT), name),
        memory=_number(properties, "MemorySize", 128, (128, MAX_MEMORY), name),
        called=properties["FunctionName"],
        inline=inline,
        policy=policy(properties.get("Role"), resources),
        role=str(properties.get("Role", "")).rpartition("/")[2],
        runtime=runtime,
        logging=_logging(properties.get("LoggingConfig", {}), name, notes),
        aliases=_aliases(properties["FunctionName"], resources),
    )


def _logging(written: Mapping[str, Any], name: str, notes: list[str]) -> Logging:
    kind = str(written.get("LogFormat", "Text"))
    if kind not in {"Text", "JSON"}:
        raise TemplateError(f"The LogFormat of {name} is {kind}; Lambda takes Text and JSON.", name)
    levels = {key: str(written[key]) for key in ("ApplicationLogLevel", "SystemLogLevel") if key in written}
    if levels and kind != "JSON":
        raise TemplateError(
            f"{name} has the {next(iter(levels))} of a LogFormat JSON, and its LogFormat is Text.", name
        )
    level = levels.get("ApplicationLogLevel", "INFO")
    if level not in LEVELS:
        raise TemplateError(f"The ApplicationLogLevel of {name} is {level}; Lambda takes {', '.join(LEVELS)}.", name)
    if "SystemLogLevel" in levels:
        notes.append(f"{name} has a SystemLogLevel, which changes nothing here: Lambda's own lines are not imitated.")
    return Logging(kind, level if kind == "JSON" else "", str(written.get("LogGroup", "")))


def _aliases(function: str, resources: Resources) -> dict[str, str]:
    """Return the versions that the aliases of a function lead to, by the aliases' names."""
    found = resources.of_type("AWS::Lambda::Alias").values()
    return {
        str(each["Name"]): str(each["FunctionVersion"])
        for each in found
        if str(each["FunctionName"]).rpartition(":")[2] == function
    }


def _handler(properties: Mapping[str, Any], name: str) -> str:
    handler: str = properties.get("Handler", "")
    if not re.fullmatch(r"\S+\.[^\s.]+", handler):
        text = (
            f"{name} has no Handler."
            if not handler
            else f"The Handler of {name} is {handler}, and not module.function."
        )
        raise TemplateError(text, name)
    return handler


def _number(properties: Mapping[str, Any], key: str, default: int, bounds: tuple[int, int], name: str) -> int:
    value = str(properties.get(key, default))
    least, most = bounds
    if not value.isdecimal() or not least <= int(value) <= most:
        raise TemplateError(f"The {key} of {name} is {value}; Lambda takes {least} to {most}.", name)
    return int(value)


def _folder(code: Mapping[str, Any], name: str, source: Source) -> Path:
    name = source.written(name)
    folder = local_folder(code, source.path.parent.resolve())
    if folder is None:
        raise TemplateError(f"The code of {name} is not a folder beside the template.", name)
    if not folder.exists():
        raise TemplateError(f"The code of {name} should be in {folder}, and there is no such folder.", name)
    if not folder.is_dir() and not zipfile.is_zipfile(folder):
        raise TemplateError(f"The code of {name} is {folder}, which is neither a folder nor a zip archive.", name)
    return folder


def _layer_path(folder: Path) -> tuple[Path, ...]:
    # With a BuildMethod, `sam build` puts the content below python/; without one, it is there already.
    packages = f"python/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    found = [folder / name for name in ("python", packages) if _has(folder, name)]
    return tuple(found) if folder / "python" in found else (folder, *found)


def _has(folder: Path, name: str) -> bool:
    if folder.is_dir():
        return (folder / name).is_dir()
    with zipfile.ZipFile(folder) as archive:
        return any(each.startswith(f"{name}/") for each in archive.namelist())


def _environment(written: Mapping[str, Any], name: str) -> dict[str, str]:
    if odd := [key for key in written if key != "Variables"]:
        raise TemplateError(f"The Environment of {name} has {odd[0]}, and may have Variables only.", name)
    return {key: _variable(key, each, name) for key, each in written.get("Variables", {}).items()}


def _variable(key: str, value: Any, name: str) -> str:
    if key in RESERVED.split():
        raise TemplateError(f"The variable {key} of {name} is one that Lambda sets, and nobody else may.", name)
    if value is None or isinstance(value, dict | list):
        raise TemplateError(f"The variable {key} of {name} is {value!r}, and not text.", name)
    return text(value)
