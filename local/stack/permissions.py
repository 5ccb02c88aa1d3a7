"""The policies of functions' roles, and the permissions to invoke functions."""

from collections.abc import Mapping
from typing import Any

from local.place import Place
from local.stack.app import Function
from local.stack.errors import TemplateError
from local.stack.policies import Statement, anywhere, matches, statements
from local.stack.resource_types import ARNS
from local.stack.resources import Resources

MAY_DO_ALL = ("AdministratorAccess", "PowerUserAccess", "AmazonAPIGatewayInvokeFullAccess")
"""AWS's managed policies that allow ``execute-api:ManageConnections``."""

ON_QUEUES = {
    "AWSLambdaSQSQueueExecutionRole": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
    "AmazonSQSFullAccess": ["sqs:*"],
    "AmazonSQSReadOnlyAccess": ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListDeadLetterSourceQueues",
                                "sqs:ListMessageMoveTasks", "sqs:ListQueues", "sqs:ListQueueTags"],
}  # fmt: skip
"""The actions on queues that other managed policies of AWS allow."""

ANYTHING: tuple[Statement, ...] = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)
"""A policy that allows everything."""


def policy(role: Any, resources: Resources) -> tuple[Statement, ...] | None:
    """
    Return the statements of a role's policies. None: the template does not tell them.

    Args:
        role: The ARN of the role.

    """
    arns = {
        ARNS["AWS::IAM::Role"](resources.place, resources.physical_name(name)): name
        for name in resources.names("AWS::IAM::Role")
    }
    if role not in arns:
        return None
    try:
        properties = resources.properties(arns[role])
        documents = [inline["PolicyDocument"] for inline in properties.get("Policies", [])]
        declared = resources.of_type("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
        documents += [each["PolicyDocument"] for each in declared.values() if _is_of(each, properties["RoleName"])]
        documents += [declared[arn]["PolicyDocument"] for arn in _managed(properties) if arn in declared]
        own = [statement for document in documents for statement in statements(document)]
    except (TemplateError, ValueError, KeyError):
        return None
    # A policy of another stack may allow everything.
    others = [arn for arn in _managed(properties) if arn not in declared]
    may_do_all = any(":iam::aws:policy/" not in arn or arn.endswith(MAY_DO_ALL) for arn in others)
    on_queues = [action for arn in others for action in ON_QUEUES.get(arn.rpartition("/")[2], ())]
    if on_queues:
        own.append({"Effect": "Allow", "Action": on_queues, "Resource": "*"})
    return (*own, *(ANYTHING if may_do_all else ()))


def user_of(function: Function, place: Place) -> str:
    """Return the ARN under which a function calls AWS: its role, assumed by the function."""
    return f"arn:{place.partition}:sts::{place.account}:assumed-role/{function.role}/{function.aws_name}"


def _is_of(policy: Mapping[str, Any], role: str) -> bool:
    return role in policy.get("Roles", []) or policy.get("RoleName") == role


def _managed(role: Mapping[str, Any]) -> list[str]:
    return [str(arn) for arn in role.get("ManagedPolicyArns", [])]


def may_invoke(resources: Resources, function: Function, source_arn: str) -> bool:
    """
    Return whether a permission of the template lets API Gateway invoke a function.

    Args:
        source_arn: The ARN of the route or the authorizer that invokes the function.

    """
    names = {function.name, function.aws_name}
    for permission in resources.of_type("AWS::Lambda::Permission").values():
        name = str(permission.get("FunctionName"))
        name_in_arn = (name.rpartition("function:")[2] or name).partition(":")[0]
        is_for_function = name in names or name_in_arn == function.aws_name
        is_for_gateway = permission.get("Principal") in {"apigateway.amazonaws.com", "*"}
        action = str(permission.get("Action", "")).lower()
        if is_for_function and is_for_gateway and matches(action, "lambda:invokefunction"):
            pattern = permission.get("SourceArn")
            if pattern is None or matches(anywhere(str(pattern)), source_arn):
                return True
    return False
