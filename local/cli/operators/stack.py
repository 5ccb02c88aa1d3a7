"""MessageFunction of a stack in AWS, with the credentials of whoever runs the command."""

import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.cli.operators.aws_errors import explained
from local.cli.operators.message_function import CONFIG, MessageFunction
from local.console import Console
from local.errors import CannotDo

OUTPUT = "MessageFunctionArn"

CONFIG_OF_QUESTIONS = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})


def function_of_stack(stack: str, region: str | None, profile: str | None) -> MessageFunction:
    """
    Find the function of a stack by the stack's outputs.

    Args:
        region: None for the region of the environment or of the profile.
        profile: A profile of the AWS configuration; None for the default.

    Raises:
        CannotDo: If there are no credentials, or no such stack, or if it does not have the output.

    """
    with explained(f"The look-up of the stack {stack}"):
        # The AWS CLI reads AWS_REGION too, and boto3 does not.
        session = boto3.Session(profile_name=profile, region_name=region or os.environ.get("AWS_REGION"))
        arn = _output(session, stack)
        client = session.client("lambda", config=CONFIG)
    return MessageFunction(client, arn, _caller(session), log="the log of MessageFunction (make logs)")


def _output(session: boto3.Session, stack: str) -> str:
    cloudformation = session.client("cloudformation", config=CONFIG_OF_QUESTIONS)
    try:
        (description,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" not in error.response["Error"].get("Message", ""):
            raise
        raise CannotDo(
            f"There is no stack {stack} in {session.region_name}. Check its name, --region and --profile."
        ) from None
    outputs = {output.get("OutputKey"): output.get("OutputValue", "") for output in description.get("Outputs", [])}
    if not (arn := outputs.get(OUTPUT)):
        raise CannotDo(f"The stack {stack} has no output {OUTPUT}. It is not a hub, or an older one: deploy it again.")
    return arn


def _caller(session: boto3.Session) -> str:
    """Return the ARN of whoever runs the command. Without it, the hub's log does not say who asked."""
    try:
        return session.client("sts", config=CONFIG_OF_QUESTIONS).get_caller_identity()["Arn"]
    except (ClientError, BotoCoreError) as error:
        Console(sys.stderr).say(f"The hub's log will not say who asked: {' '.join(str(error).split())}")
        return ""
