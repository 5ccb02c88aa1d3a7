"""Creates the template's tables and secrets in whatever serves DynamoDB and Secrets Manager."""

import json
import secrets
import string
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.console import Console
from local.lambdas.surroundings import CREDENTIALS
from local.stack.app import Store
from local.stack.names import REGION
from local.stack.source import TemplateError

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


CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})
"""The services are near: one that does not answer soon will not."""


def names(store: Store) -> list[str]:
    """Return what everything in it is called."""
    kinds = {
        "TableName": store.tables,
        "Name": (*store.secrets, *store.parameters),
        "BucketName": store.buckets,
        "QueueName": store.queues,
        "TopicName": store.topics,
    }
    return [str(each[key]) for key, resources in kinds.items() for each in resources]


def provision(store: Store, dynamodb_url: str, aws_url: str, console: Console) -> None:
    """
    Create everything that is not there yet.

    Args:
        dynamodb_url: Where tables go.
        aws_url: Where everything else goes.

    Raises:
        TemplateError: If a table cannot be created.

    """
    session = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )

    def client(service: str, url: str = aws_url) -> Any:
        return session.client(service, endpoint_url=url, config=CONFIG)  # type: ignore[call-overload]  # the stubs want a literal

    if store.tables:
        _create_tables(store.tables, client("dynamodb", dynamodb_url), dynamodb_url, console)
    creations: tuple[tuple[str, tuple[dict[str, Any], ...], Callable[[Any, dict[str, Any]], object]], ...] = (
        ("secretsmanager", store.secrets, _create_secret),
        ("ssm", store.parameters, _create_parameter),
        ("s3", store.buckets, lambda s3, each: s3.create_bucket(Bucket=each["BucketName"])),
        ("sqs", store.queues, _create_queue),
        ("sns", store.topics, lambda sns, each: sns.create_topic(Name=each["TopicName"])),
    )
    for service, resources, create in creations:
        if resources:
            there = client(service)
            for each in resources:
                create(there, each)


def _create_tables(tables: tuple[dict[str, Any], ...], dynamodb: "DynamoDBClient", url: str, console: Console) -> None:
    for table in tables:
        try:
            _create_table(dynamodb, table, console)
        except (ClientError, BotoCoreError) as error:
            raise TemplateError(f"DynamoDB at {url} cannot hold {table['TableName']}: {error}") from error


def _create_table(dynamodb: "DynamoDBClient", table: dict[str, Any], console: Console) -> None:
    name = table["TableName"]
    try:
        dynamodb.create_table(**{key: table[key] for key in TABLE_PROPERTIES if key in table})
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


def _create_queue(sqs: Any, queue: dict[str, Any]) -> None:
    fifo = {"FifoQueue": "true"} if queue["QueueName"].endswith(".fifo") else {}
    sqs.create_queue(QueueName=queue["QueueName"], Attributes=fifo)
