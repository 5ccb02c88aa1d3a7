"""Mock integrations: what of a template they are made of, and what of it API Gateway or this gateway cannot do."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.stack.expressions import parse
from local.stack.integration_types import MockIntegration, MockResponse, Templates
from local.stack.resources import Resources

_DIRECTIVE = (
    r"#\{?(?:set|if|elseif|else|end|foreach|include|parse|macro|stop|break|evaluate|define)\b|##|#\*|#\[\[[^\]]*"
)
_VELOCITY = re.compile(rf"\$!?\{{?[A-Za-z_][\w.]*|{_DIRECTIVE}")
_STATUS = re.compile(r"""["']?statusCode["']?\s*:\s*["']?([2-5][0-9]{2})\b""")


def velocity(template: str) -> str | None:
    """Return the first part of a mapping template that only Velocity could evaluate, or None."""
    found = _VELOCITY.search(template)
    return found and found[0]


def status_of(template: str) -> str | None:
    """Return the status that a request template tells, or None if it tells none, or depends on Velocity."""
    # Not read as JSON: API Gateway takes {statusCode:200} too, and a reference elsewhere in it does no harm.
    found = None if re.search(_DIRECTIVE, template) else _STATUS.search(template)
    return found and found[1]


def response_for(responses: Iterable[MockResponse], status: str) -> MockResponse | None:
    """Return the first response whose key is the status, or a pattern for it; else the one of ``$default``."""
    every = list(responses)
    for each in every:
        if each.key == status or ((pattern := _pattern(each.key)) and pattern.fullmatch(status)):
            return each
    return next((each for each in every if each.key == "$default"), None)


def _pattern(key: str) -> re.Pattern[str] | None:
    try:
        return re.compile(key[1:-1]) if re.fullmatch("/.*/", key) else None
    except re.error:
        return None


def choose(templates: Templates, message: Any, status: str | None = None) -> str | None:
    """
    Return the template that a message chooses, if there is one for it.

    Args:
        message: As ``json.loads`` gives it; None of one that is not JSON.
        status: The integration's, for templates of its response.

    """
    try:
        key = parse(templates.selection, status).evaluate(message)
    except (ValueError, RecursionError):
        key = ""
    # unsure: without an expression; AWS's own sample has a template for application/json, and no expression.
    others = ("$default",) if templates.selection else ("$default", "application/json")
    return next((templates.texts[each] for each in (key, *others) if each in templates.texts), None)


class Mocks:
    """Reads the mock integrations of a template."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._responses = resources.of_type("AWS::ApiGatewayV2::IntegrationResponse")

    def read(self, name: str) -> tuple[MockIntegration, list[tuple[str, str]]]:
        """Return an integration, and what is to be said: logical id of a resource, and a sentence about it."""
        properties = self._resources.properties(name)
        requests = _templates(properties, "RequestTemplates")
        mine = {each: read for each, read in self._responses.items() if read["IntegrationId"] == name}
        responses = {
            each: MockResponse(read.get("IntegrationResponseKey", "$default"), _templates(read, "ResponseTemplates"))
            for each, read in mine.items()
        }
        said = [(name, each) for each in _of_requests(name, requests, [*responses.values()])]
        said += [(each, text) for each, response in responses.items() for text in _of_response(each, response)]
        passthrough = properties.get("PassthroughBehavior", "WHEN_NO_MATCH")
        return MockIntegration(requests, (*responses.values(),), passthrough), said


def _templates(properties: Mapping[str, Any], key: str) -> Templates:
    templates = properties.get(key, {})
    texts = {str(name): each if isinstance(each, str) else json.dumps(each) for name, each in templates.items()}
    return Templates(texts, properties.get("TemplateSelectionExpression", ""))


def _of_requests(name: str, requests: Templates, responses: list[MockResponse]) -> Iterator[str]:
    if not requests.texts:
        yield f"{name} has no RequestTemplates: its status is 200 here, and API Gateway may fail instead."
    yield from _of_selection(name, requests, None)
    if not responses:
        yield f"{name} has no IntegrationResponse: its reply is empty."
    for key, template in requests.texts.items():
        status = status_of(template)
        if status is None:
            found = velocity(template)
            why = f"{found} in it, and Velocity is not evaluated here" if found else "no statusCode"
            yield f"The request template {key} of {name} has {why}: the integration fails."
        elif responses and not response_for(responses, status):
            yield f"{name} has no IntegrationResponse for the status {status}, nor for $default: it fails."


def _of_response(name: str, response: MockResponse) -> Iterator[str]:
    if re.fullmatch("/.*/", response.key) and not _pattern(response.key):
        yield f"The IntegrationResponseKey {response.key} of {name} cannot be read as a pattern: it fits nothing."
    yield from _of_selection(name, response.replies, "200")
    for key, template in response.replies.texts.items():
        if found := velocity(template):
            why = f"{found} in it, and Velocity is not evaluated here"
            yield f"The response template {key} of {name} has {why}: the integration fails."


def _of_selection(name: str, templates: Templates, status: str | None) -> Iterator[str]:
    """Say what of a TemplateSelectionExpression has no value here, or chooses nothing."""
    selection = parse(templates.selection, status)
    for each in selection.problems:
        yield f"In the TemplateSelectionExpression of {name}, {each}."
    if templates.texts and selection.static is not None and choose(templates, None, status) is None:
        yield f"{name} has no template for {selection.static or '$default'}, which it always chooses."
