"""Creates the template's tables, secrets, parameters, buckets, queues and topics in the embedded AWS."""

import json
import secrets
import string
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from local.aws.client import client
from local.console import Console
from local.place import HERE, Place
from local.stack.app import Store
from local.stack.errors import TemplateError
from local.stack.intrinsics import as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "StreamSpecification",
    "TableName",
)
"""Properties of the template that CreateTable takes. Encryption and backups are left out."""

QUEUE_PROPERTIES = (
    "ContentBasedDeduplication",
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
"""Properties of the template that are attributes of CreateQueue, as text."""


def names(store: Store) -> list[str]:
    """Return the names of all resources."""
    return [str(resource[key]) for _, key, resources in _kinds(store) for resource in resources]


def _kinds(store: Store) -> list[tuple[str, str, tuple[dict[str, Any], ...]]]:
    """Return for each kind of resource: its service, the property that names a resource, and the resources."""
    return [
        ("dynamodb", "TableName", store.tables),
        ("secretsmanager", "Name", store.secrets),
        ("ssm", "Name", store.parameters),
        ("s3", "BucketName", store.buckets),
        ("sqs", "QueueName", store.queues),
        ("sns", "TopicName", store.topics),
    ]


def provision(store: Store, dynamodb_url: str, aws_url: str, console: Console, place: Place = HERE) -> None:
    """
    Create all resources of a store, except tables that exist already.

    Args:
        dynamodb_url: The DynamoDB for tables: the embedded one, or one that the user runs.
        aws_url: The embedded AWS, for all other resources.
        place: The region and the account of the resources.

    Raises:
        TemplateError: If a resource cannot be created.

    """
    creations: dict[str, Callable[[Any, dict[str, Any]], object]] = {
        "dynamodb": lambda dynamodb, table: _create_table(dynamodb, table, console),
        "secretsmanager": _create_secret,
        "ssm": _create_parameter,
        "s3": _create_bucket,
        "sqs": _create_queue,
        "sns": _create_topic,
    }
    steps = [(*kind, creations[kind[0]]) for kind in _kinds(store)]
    redriven = tuple(queue for queue in store.queues if "RedrivePolicy" in queue)
    # After all queues: a queue of dead letters may be declared later, and may have dead letters of its own.
    steps.append(("sqs", "QueueName", redriven, lambda sqs, queue: _redrive(sqs, queue, place)))
    for service, key, resources, create in steps:
        url = dynamodb_url if service == "dynamodb" else aws_url
        connected = client(service, url, place.region) if resources else None
        for resource in resources:
            try:
                create(connected, resource)
            except (ClientError, BotoCoreError, KeyError, TypeError, ValueError) as error:
                reason = " ".join(str(error).split())
                line = _line_at_fault(store, resource[key], error)
                raise TemplateError(f"{line}{service} at {url} cannot create {resource[key]}: {reason}") from error


def _line_at_fault(store: Store, name: str, error: Exception) -> str:
    """Return the place of a resource in the template, unless the service could not be reached."""
    is_unreachable = isinstance(error, BotoCoreError) and not isinstance(error, ParamValidationError)
    return f"{store.places[name]}: " if name in store.places and not is_unreachable else ""


def _create_table(dynamodb: "DynamoDBClient", table: dict[str, Any], console: Console) -> None:
    name = table["TableName"]
    wanted = {key: table[key] for key in TABLE_PROPERTIES if key in table}
    if "WriteProvisionedThroughputSettings" in table:  # a GlobalTable's scaling, which is not imitated
        wanted["BillingMode"] = "PAY_PER_REQUEST"
    if stream := table.get("StreamSpecification"):
        wanted["StreamSpecification"] = {"StreamEnabled": True, **stream}
    try:
        dynamodb.create_table(**fitted(wanted, dynamodb.meta.service_model.operation_model("CreateTable").input_shape))
    except dynamodb.exceptions.ResourceInUseException:
        console.say(f"The table {name} exists already. The gateway uses it as it is.")
        return
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    if ttl := table.get("TimeToLiveSpecification"):
        try:
            dynamodb.update_time_to_live(
                TableName=name,
                TimeToLiveSpecification={"AttributeName": ttl["AttributeName"], "Enabled": ttl["Enabled"]},
            )
        except (ClientError, BotoCoreError):
            console.warn(f"This DynamoDB does not support TTL: expired rows of {name} stay in the table.")


def fitted(value: Any, shape: Any) -> Any:
    """
    Return a value of the template as a call takes it.

    CloudFormation accepts numbers as strings, and has members that the call does not have.

    Args:
        shape: botocore's model of the value.

    Raises:
        ValueError: If the value of a number is not a number.

    """
    if shape.type_name == "structure":
        return {key: fitted(member, shape.members[key]) for key, member in value.items() if key in shape.members}
    if shape.type_name == "list":
        return [fitted(element, shape.member) for element in value]
    if shape.type_name in {"integer", "long"}:
        return int(value)
    if shape.type_name == "boolean":
        return value in (True, "true")
    return str(value) if shape.type_name == "string" else value


def _create_secret(manager: Any, secret: dict[str, Any]) -> None:
    manager.create_secret(Name=secret["Name"], SecretString=_secret_value(secret))


def _secret_value(secret: dict[str, Any]) -> str:
    if "SecretString" in secret:
        return str(secret["SecretString"])
    generate = secret.get("GenerateSecretString", {})
    length = int(generate.get("PasswordLength", 32))
    value = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
    if "SecretStringTemplate" not in generate:
        return value
    return json.dumps(json.loads(generate["SecretStringTemplate"]) | {generate["GenerateStringKey"]: value})


def _create_parameter(ssm: Any, parameter: dict[str, Any]) -> None:
    kind, value = parameter.get("Type", "String"), parameter.get("Value", "")
    ssm.put_parameter(Name=parameter["Name"], Type=kind, Value=str(value))


def _create_bucket(s3: Any, bucket: dict[str, Any]) -> None:
    region = s3.meta.region_name
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket["BucketName"], **location)


def _create_queue(sqs: Any, queue: dict[str, Any]) -> None:
    fifo = {"FifoQueue": "true"} if queue["QueueName"].endswith(".fifo") else {}
    attributes = {key: as_text(queue[key]) for key in QUEUE_PROPERTIES if key in queue}
    sqs.create_queue(QueueName=queue["QueueName"], Attributes=attributes | fifo)


def _redrive(sqs: Any, queue: dict[str, Any], place: Place) -> None:
    """Set where messages go that were received too often. The queue of dead letters is one of this place."""
    policy = queue["RedrivePolicy"]
    target = place.arn("sqs", str(policy["deadLetterTargetArn"]).rpartition(":")[2])
    redrive = {"deadLetterTargetArn": target, "maxReceiveCount": int(policy["maxReceiveCount"])}
    url = sqs.get_queue_url(QueueName=queue["QueueName"])["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(redrive)})


def _create_topic(sns: Any, topic: dict[str, Any]) -> None:
    fifo = {"FifoTopic": "true"} if topic["TopicName"].endswith(".fifo") else {}
    sns.create_topic(Name=topic["TopicName"], Attributes=fifo)
