"""What the functions of a template may do, and who may call them."""

from collections.abc import Mapping
from typing import Any

from local.stack.app import Function
from local.stack.errors import TemplateError
from local.stack.policies import Statement, anywhere, matches, statements
from local.stack.resource_types import ARNS
from local.stack.resources import Resources

MAY_DO_ALL = ("AdministratorAccess", "PowerUserAccess", "AmazonAPIGatewayInvokeFullAccess")
"""Policies of AWS's own that allow ``execute-api:ManageConnections``."""

ANYTHING: tuple[Statement, ...] = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)


def policy(role: Any, resources: Resources) -> tuple[Statement, ...] | None:
    """Return what a role of the template may do; None for a role of somebody else's."""
    arns = {
        ARNS["AWS::IAM::Role"](resources.place, resources.physical_name(name)): name
        for name in resources.names("AWS::IAM::Role")
    }
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
    free = any(":iam::aws:policy/" not in arn or arn.endswith(MAY_DO_ALL) for arn in others)
    return (*own, *(ANYTHING if free else ()))


def _is_of(policy: Mapping[str, Any], role: str) -> bool:
    return role in policy.get("Roles", []) or policy.get("RoleName") == role


def _managed(role: Mapping[str, Any]) -> list[str]:
    return [str(each) for each in role.get("ManagedPolicyArns", [])]


def may_call(resources: Resources, function: Function, source_arn: str) -> bool:
    """Return whether a permission of the template lets API Gateway call a function for a route or an authorizer."""
    names = {function.name, function.aws_name}
    for each in resources.of_type("AWS::Lambda::Permission").values():
        name = str(each.get("FunctionName"))
        whose = name in names or (name.rpartition("function:")[2] or name).partition(":")[0] == function.aws_name
        action = str(each.get("Action", "")).lower()
        principal = each.get("Principal") in {"apigateway.amazonaws.com", "*"}
        if whose and principal and matches(action, "lambda:invokefunction"):
            pattern = each.get("SourceArn")
            if pattern is None or matches(anywhere(str(pattern)), source_arn):
                return True
    return False
