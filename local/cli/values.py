"""The values that each option accepts. Each function raises argparse's error for any other text."""

import re
from argparse import ArgumentTypeError


def body(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArgumentTypeError(f"{text!r} is not UTF-8") from None
    return text


def route(text: str) -> str:
    if text in {"$connect", "$disconnect"}:
        raise ArgumentTypeError(f"API Gateway never sends a message to the route {text}")
    return text


def close_code(text: str) -> int:
    if not text.isdecimal() or not 1000 <= int(text) <= 4999:
        raise ArgumentTypeError(f"{text!r} is not a close code from 1000 to 4999")
    return int(text)


def port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65533:  # two more ports follow
        raise ArgumentTypeError(f"{text!r} is not a port from 0 to 65533")
    return int(text)


def region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-[0-9]+", text):
        raise ArgumentTypeError(f"{text!r} is not a region such as eu-central-1")
    return text


def account(text: str) -> str:
    if not re.fullmatch("[0-9]{12}", text):
        raise ArgumentTypeError(f"{text!r} is not an AWS account id, which has twelve digits")
    return text


def url(text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]+/?", text):
        raise ArgumentTypeError(f"{text!r} is not a URL such as http://127.0.0.1:8000")
    return text.rstrip("/")


def seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return number


def assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
