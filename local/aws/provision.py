"""Creates the template's tables and secrets in whatever serves DynamoDB and Secrets Manager."""

import secrets
import string
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.console import Console
from local.lambdas.process import CREDENTIALS
from local.stack.app import App
from local.stack.intrinsics import TemplateError
from local.stack.template import REGION

if TYPE_CHECKING:
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


def provision(app: App, dynamodb_url: str, secrets_url: str, console: Console) -> None:
    """
    Create every table and secret that is not there yet.

    Raises:
        TemplateError: If a table cannot be created.

    """
    session = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    dynamodb = session.client("dynamodb", endpoint_url=dynamodb_url, config=CONFIG)
    for table in app.tables:
        try:
            _create_table(dynamodb, table, console)
        except (ClientError, BotoCoreError) as error:
            raise TemplateError(f"DynamoDB at {dynamodb_url} cannot hold {table['TableName']}: {error}") from error
    manager = session.client("secretsmanager", endpoint_url=secrets_url, config=CONFIG)
    for secret in app.secrets:
        manager.create_secret(Name=secret["Name"], SecretString=_secret_value(secret))


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


def _secret_value(secret: dict[str, Any]) -> str:
    if "SecretString" in secret:
        return str(secret["SecretString"])
    length = int(secret.get("GenerateSecretString", {}).get("PasswordLength", 32))
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
