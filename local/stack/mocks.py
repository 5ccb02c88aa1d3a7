"""Mock integrations: their templates and responses, and notes about templates that cannot be evaluated."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.stack.expressions import QUOTED, parse
from local.stack.integration_types import MockIntegration, MockResponse, Templates
from local.stack.resources import Resources

_DIRECTIVE = (
    r"#\{?(?:set|if|elseif|else|end|foreach|include|parse|macro|stop|break|evaluate|define)\b|##|#\*|#\[\[[^\]]*"
)
_VELOCITY = re.compile(rf"\$!?\{{?[A-Za-z_][\w.]*|{_DIRECTIVE}")
_STATUS_OR_DEPTH = re.compile(
    r"""(?P<key>["']?)(?<![\w.-])statusCode(?P=key)\s*:\s*(?P<quote>["']?)(?P<status>[2-5][0-9]{2})(?P=quote)(?![\w.])"""
    rf"|{QUOTED}|(?P<opening>[{{\[])|(?P<closing>[}}\]])"
)


def velocity(template: str) -> str | None:
    """Return the first reference or directive of Velocity in a mapping template, or None."""
    match = _VELOCITY.search(template)
    return match and match[0]


def status_of(template: str) -> str | None:
    """
    Return the statusCode in a request template.

    None: the object of the template does not have it as a member, or a directive of Velocity decides about it.

    """
    if re.search(_DIRECTIVE, template):
        return None
    # The template is not parsed as JSON: API Gateway accepts {statusCode:200}, and a reference elsewhere does no harm.
    depth, status = 0, None
    for token in _STATUS_OR_DEPTH.finditer(template):
        depth += bool(token["opening"]) - bool(token["closing"])
        if depth == 1 and token["status"]:
            status = token["status"]  # of two members with one name, the last one counts, as in JSON
    return status


def response_for(responses: Iterable[MockResponse], status: str) -> MockResponse | None:
    """Return the first response whose key is the status or a pattern that matches it, else that for ``$default``."""
    candidates = list(responses)
    for response in candidates:
        if response.key == status or ((pattern := _pattern(response.key)) and pattern.fullmatch(status)):
            return response
    return next((response for response in candidates if response.key == "$default"), None)


def _pattern(key: str) -> re.Pattern[str] | None:
    try:
        return re.compile(key[1:-1]) if re.fullmatch("/.*/", key) else None
    except re.error:
        return None


def choose(templates: Templates, message: Any, status: str | None = None) -> str | None:
    """
    Return the template that a message selects, or None if it selects none.

    Args:
        message: The message as ``json.loads`` returns it. None: it is not JSON.
        status: The status of the integration, for the templates of a response.

    """
    try:
        key = parse(templates.selection, status).evaluate(message)
    except (ValueError, RecursionError):
        key = ""
    # unsure: what API Gateway does without an expression. AWS's sample then has a template for application/json.
    defaults = ("$default",) if templates.selection else ("$default", "application/json")
    return next((templates.texts[each] for each in (key, *defaults) if each in templates.texts), None)


class MockReader:
    """Reads the mock integrations of a template."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._responses = resources.of_type("AWS::ApiGatewayV2::IntegrationResponse")

    def read(self, name: str) -> tuple[MockIntegration, list[tuple[str, str]]]:
        """Return an integration, and notes: the logical id of a resource, and a sentence about the resource."""
        properties = self._resources.properties(name)
        requests = _templates(properties, "RequestTemplates")
        responses = {
            response_name: MockResponse(
                response.get("IntegrationResponseKey", "$default"), _templates(response, "ResponseTemplates")
            )
            for response_name, response in self._responses.items()
            if response["IntegrationId"] == name
        }
        notes = [(name, text) for text in _notes_of_requests(name, requests, [*responses.values()])]
        for response_name, response in responses.items():
            notes += [(response_name, text) for text in _notes_of_response(response_name, response)]
        passthrough = properties.get("PassthroughBehavior", "WHEN_NO_MATCH")
        return MockIntegration(requests, (*responses.values(),), passthrough), notes


def _templates(properties: Mapping[str, Any], key: str) -> Templates:
    written = properties.get(key, {})
    texts = {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in written.items()}
    return Templates(texts, properties.get("TemplateSelectionExpression", ""))


def _notes_of_requests(name: str, requests: Templates, responses: list[MockResponse]) -> Iterator[str]:
    if not requests.texts:
        yield f"{name} has no RequestTemplates: the status is 200, but API Gateway may fail instead."
    yield from _notes_of_selection(name, requests, None)
    if not responses:
        yield f"{name} has no IntegrationResponse: its reply is empty."
    for key, template in requests.texts.items():
        status = status_of(template)
        if status is None:
            part = velocity(template)
            problem = f"contains {part}, and Velocity is not evaluated" if part else "has no statusCode"
            yield f"The request template {key} of {name} {problem}: the integration fails."
        elif responses and not response_for(responses, status):
            yield f"{name} has no IntegrationResponse for the status {status} or for $default: the integration fails."


def _notes_of_response(name: str, response: MockResponse) -> Iterator[str]:
    if re.fullmatch("/.*/", response.key) and not _pattern(response.key):
        yield f"The IntegrationResponseKey {response.key} of {name} is not a valid pattern: it matches no status."
    yield from _notes_of_selection(name, response.replies, "200")
    for key, template in response.replies.texts.items():
        if part := velocity(template):
            text = f"The response template {key} of {name} contains {part}, and Velocity is not evaluated"
            yield f"{text}: the integration fails."


def _notes_of_selection(name: str, templates: Templates, status: str | None) -> Iterator[str]:
    """Yield notes about a TemplateSelectionExpression that cannot be evaluated, or that selects no template."""
    selection = parse(templates.selection, status)
    yield from selection.notes(f"the TemplateSelectionExpression of {name}")
    if templates.texts and selection.static is not None and choose(templates, None, status) is None:
        yield f"{name} always selects the template {selection.static or '$default'}, which it does not have."
