"""Creates the template's tables and secrets in whatever serves DynamoDB and Secrets Manager."""

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
"""What CreateTable takes as the template writes it. Encryption and backups mean nothing on a laptop."""


def names(store: Store) -> list[str]:
    """Return what everything in it is called."""
    return [str(each[key]) for _, key, resources in _kinds(store) for each in resources]


def _kinds(store: Store) -> list[tuple[str, str, tuple[dict[str, Any], ...]]]:
    """Return the service that holds each kind of resource, the property that names one, and those there are."""
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
    Create everything that is not there yet.

    Args:
        dynamodb_url: Where tables go.
        aws_url: Where everything else goes.
        place: The region and the account that it is created in.

    Raises:
        TemplateError: If something cannot be created.

    """
    creations: dict[str, Callable[[Any, dict[str, Any]], object]] = {
        "dynamodb": lambda dynamodb, each: _create_table(dynamodb, each, console),
        "secretsmanager": _create_secret,
        "ssm": _create_parameter,
        "s3": _create_bucket,
        "sqs": _create_queue,
        "sns": _create_topic,
    }
    for service, key, resources in _kinds(store):
        url = dynamodb_url if service == "dynamodb" else aws_url
        connected = client(service, url, place.region) if resources else None
        for each in resources:
            try:
                creations[service](connected, each)
            except (ClientError, BotoCoreError, KeyError, TypeError, ValueError) as error:
                why = " ".join(str(error).split())
                away = isinstance(error, BotoCoreError) and not isinstance(error, ParamValidationError)
                where = f"{store.places[each[key]]}: " if each[key] in store.places and not away else ""
                raise TemplateError(f"{where}{service} at {url} cannot make {each[key]}: {why}") from error


def _create_table(dynamodb: "DynamoDBClient", table: dict[str, Any], console: Console) -> None:
    name = table["TableName"]
    wanted = {key: table[key] for key in TABLE_PROPERTIES if key in table}
    if "WriteProvisionedThroughputSettings" in table:  # how a GlobalTable scales, which nothing does here
        wanted["BillingMode"] = "PAY_PER_REQUEST"
    if stream := table.get("StreamSpecification"):
        wanted["StreamSpecification"] = {"StreamEnabled": True, **stream}
    try:
        dynamodb.create_table(**fitted(wanted, dynamodb.meta.service_model.operation_model("CreateTable").input_shape))
    except dynamodb.exceptions.ResourceInUseException:
        console.say(f"The table {name} exists already and is used as it is.")
        return
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    if ttl := table.get("TimeToLiveSpecification"):
        try:
            dynamodb.update_time_to_live(
                TableName=name,
                TimeToLiveSpecification={"AttributeName": ttl["AttributeName"], "Enabled": ttl["Enabled"]},
            )
        except (ClientError, BotoCoreError):
            console.warn(f"This DynamoDB has no TTL: rows of {name} past their time are ignored, but stay.")


def fitted(value: Any, shape: Any) -> Any:
    """
    Return a value as a call takes it: CloudFormation has numbers as text, too, and members that the call has not.

    Args:
        shape: What botocore knows of the call's input.

    Raises:
        ValueError: If what should be a number is none.

    """
    if shape.type_name == "structure":
        return {key: fitted(each, shape.members[key]) for key, each in value.items() if key in shape.members}
    if shape.type_name == "list":
        return [fitted(each, shape.member) for each in value]
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
    how = secret.get("GenerateSecretString", {})
    length = int(how.get("PasswordLength", 32))
    value = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
    if "SecretStringTemplate" not in how:
        return value
    return json.dumps(json.loads(how["SecretStringTemplate"]) | {how["GenerateStringKey"]: value})


def _create_parameter(ssm: Any, parameter: dict[str, Any]) -> None:
    kind, value = parameter.get("Type", "String"), parameter.get("Value", "")
    ssm.put_parameter(Name=parameter["Name"], Type=kind, Value=str(value))


def _create_bucket(s3: Any, bucket: dict[str, Any]) -> None:
    region = s3.meta.region_name
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket["BucketName"], **where)


def _create_queue(sqs: Any, queue: dict[str, Any]) -> None:
    fifo = {"FifoQueue": "true"} if queue["QueueName"].endswith(".fifo") else {}
    sqs.create_queue(QueueName=queue["QueueName"], Attributes=fifo)


def _create_topic(sns: Any, topic: dict[str, Any]) -> None:
    fifo = {"FifoTopic": "true"} if topic["TopicName"].endswith(".fifo") else {}
    sns.create_topic(Name=topic["TopicName"], Attributes=fifo)
