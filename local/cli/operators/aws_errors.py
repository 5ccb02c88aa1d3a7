"""Why a call of AWS failed, as one sentence and advice."""

import contextlib
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, ProfileNotFound

from local.errors import CannotDo

LOG_IN = "Renew your AWS credentials, for example with aws sso login."

ADVICE = {
    "ExpiredToken": LOG_IN,
    "ExpiredTokenException": LOG_IN,
    "RequestExpired": "Check this machine's clock, and renew your AWS credentials.",
    "TooManyRequestsException": "Nothing was done. Try again in a moment.",
    "Throttling": "Nothing was done. Try again in a moment.",
    "ThrottlingException": "Nothing was done. Try again in a moment.",
}
"""What to do about an error of AWS, by its code."""

ADVICE_HERE: dict[type[BotoCoreError], str] = {
    NoCredentialsError: "Name a profile with --profile, or run aws configure.",
    NoRegionError: "Name the stack's region with --region.",
    ProfileNotFound: "See aws configure list-profiles.",
}
"""What to do about an error of boto3 itself."""


@contextlib.contextmanager
def explained(call: str) -> Iterator[None]:
    """
    Raise CannotDo in place of every error of boto3.

    Args:
        call: What was called, as the subject of a sentence.

    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        message = error.response["Error"].get("Message", "")
        raise CannotDo(_sentence(f"{call} is refused with {code}: {message}", ADVICE.get(code, ""))) from error
    except BotoCoreError as error:
        raise CannotDo(_sentence(f"{call} failed: {error}", ADVICE_HERE.get(type(error), ""))) from error


def _sentence(text: str, advice: str) -> str:
    return " ".join([" ".join(text.split()).rstrip(".") + ".", *([advice] if advice else [])])
