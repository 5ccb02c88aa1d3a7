"""The functions of a template: where their code lies, what they see, and what they may do."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.policies import Statement, matches, statements
from local.stack.app import Function
from local.stack.intrinsics import text
from local.stack.names import function_arn
from local.stack.resources import ARNS, Resources
from local.stack.source import MISSHAPEN, Source, TemplateError, misshapen
from local.stack.translation import local_folder

MAY_DO_ALL = ("AdministratorAccess", "PowerUserAccess", "AmazonAPIGatewayInvokeFullAccess")
"""Policies of AWS's own that allow ``execute-api:ManageConnections``."""

ANYTHING: tuple[Statement, ...] = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)


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
        handler=properties.get("Handler", ""),
        environment={k: text(v) for k, v in properties.get("Environment", {}).get("Variables", {}).items()},
        timeout=float(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        called=properties["FunctionName"],
        inline=inline,
        policy=_policy(properties.get("Role"), resources),
        role=str(properties.get("Role", "")).rpartition("/")[2],
    )


def _folder(code: Mapping[str, Any], name: str, source: Source) -> Path:
    name = source.written(name)
    folder = local_folder(code, source.path.parent.resolve())
    if folder is None:
        raise TemplateError(f"The code of {name} is not a folder beside the template.", name)
    if not folder.is_dir() and folder.suffix != ".zip":
        raise TemplateError(f"The code of {name} should be in {folder}, and there is no such folder.", name)
    return folder


def _layer_path(folder: Path) -> tuple[Path, ...]:
    # With a BuildMethod, `sam build` puts the content below python/; without one, it is there already.
    python = folder / "python"
    packages = python / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    return (*([python] if python.is_dir() else [folder]), *([packages] if packages.is_dir() else []))


def _policy(role: Any, resources: Resources) -> tuple[Statement, ...] | None:
    """Return what a role of the template may do; None for a role of somebody else's."""
    arns = {ARNS["AWS::IAM::Role"](resources.physical_name(name)): name for name in resources.names("AWS::IAM::Role")}
    if role not in arns:
        return None
    try:
        properties = resources.properties(arns[role])
        documents = [each["PolicyDocument"] for each in properties.get("Policies", [])]
        attached = resources.of_type("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
        documents += [each["PolicyDocument"] for each in attached.values() if _is_of(each, properties["RoleName"])]
        documents += [attached[arn]["PolicyDocument"] for arn in _managed(properties) if arn in attached]
        own = [each for document in documents for each in statements(document)]
    except (TemplateError, ValueError, KeyError):
        return None
    others = [arn for arn in _managed(properties) if arn not in attached]
    free = any(not arn.startswith("arn:aws:iam::aws:policy/") or arn.endswith(MAY_DO_ALL) for arn in others)
    return (*own, *(ANYTHING if free else ()))


def _is_of(policy: Mapping[str, Any], role: str) -> bool:
    return role in policy.get("Roles", []) or policy.get("RoleName") == role


def _managed(role: Mapping[str, Any]) -> list[str]:
    return [str(each) for each in role.get("ManagedPolicyArns", [])]


def may_call(resources: Resources, function: Function, source_arn: str) -> bool:
    """Return whether a permission of the template lets API Gateway call a function for a route or an authorizer."""
    names = {function.name, function.aws_name, function_arn(function.aws_name)}
    for each in resources.of_type("AWS::Lambda::Permission").values():
        name = str(each.get("FunctionName"))
        whose = name in names or name.startswith((f"{function_arn(function.aws_name)}:", f"{function.aws_name}:"))
        action = str(each.get("Action", "")).lower()
        principal = each.get("Principal") in {"apigateway.amazonaws.com", "*"}
        if whose and principal and matches(action, "lambda:invokefunction"):
            pattern = each.get("SourceArn")
            if pattern is None or matches(str(pattern), source_arn):
                return True
    return False
