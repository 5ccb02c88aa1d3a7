"""Selection expressions: their variables, and the value that a message gives them."""

from typing import Any

import pytest

from local.stack.expressions import parse

MESSAGE = {
    "action": "join",
    "service": "chat",
    "items": [{"type": "a", "n": 1}, {"type": "b", "n": 2}],
    "deep": {"where": {"name": "w"}, "a-b": 5, "7": "seven"},
    "a.b": "dotted",
    "br}ace": "brace",
    "it's": "quoted",
    "olá": "accented",
    "@type": "buy",
    "ns:type": "sell",
    "$type": "keep",
    "x/y": "slash",
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("$request.body.action", "join", id="bare"),
        pytest.param("${request.body.action}", "join", id="in-braces"),
        pytest.param("${ request.body.action }", "join", id="in-braces-with-spaces"),
        pytest.param("${request.body.service}/${request.body.action}", "chat/join", id="two-with-text-between"),
        pytest.param("v1-$request.body.service/$request.body.action", "v1-chat/join", id="two-bare-ones"),
        pytest.param("${request.body.action}-${request.body.no}", "join-", id="a-missing-one-is-empty"),
        pytest.param("$request.body.items[0].type", "a", id="an-item"),
        pytest.param("$request.body.items[-1].type", "b", id="the-last-item"),
        pytest.param("$request.body.items[9].type", "", id="no-such-item"),
        pytest.param("$request.body[2]", "", id="an-item-of-an-object"),
        pytest.param("${request.body['action']}", "join", id="a-name-in-brackets"),
        pytest.param('$request.body["action"]', "join", id="a-name-in-double-quotes"),
        pytest.param("$request.body.deep['where'].name", "w", id="both-forms-of-names"),
        pytest.param("$request.body.deep.where.name", "w", id="a-name-that-is-a-word-of-the-library"),
        pytest.param("$request.body.deep.a-b", "5", id="a-hyphen"),
        pytest.param("$request.body.deep.7", "seven", id="a-digit"),
        pytest.param("$request.body.olá", "accented", id="beyond-ascii"),
        pytest.param("$request.body.@type", "buy", id="an-at-sign"),
        pytest.param("${request.body.@type}", "buy", id="an-at-sign-in-braces"),
        pytest.param("$request.body.ns:type", "sell", id="a-colon"),
        pytest.param("$request.body.$type", "keep", id="a-dollar"),
        pytest.param("$request.body..@type", "[buy]", id="at-any-depth-an-at-sign"),
        pytest.param("${request.body.x/y}", "slash", id="a-slash-in-braces"),
        pytest.param("$request.body.action/y", "join/y", id="text-behind-a-bare-path"),
        pytest.param("$request.body.service:$request.body.action", "chat:join", id="a-colon-between-bare-ones"),
        pytest.param("$request.body.service-$request.body.action", "chat-join", id="a-hyphen-between-bare-ones"),
        pytest.param("$request.body.service.${request.body.action}", "chat.join", id="a-dot-before-a-variable"),
        pytest.param("$request.body.service$request.body.action", "chatjoin", id="nothing-between-bare-ones"),
        pytest.param("${request.body['a.b']}", "dotted", id="a-dot-in-a-name"),
        pytest.param("${request.body['br}ace']}", "brace", id="a-brace-in-a-name"),
        pytest.param(r"${request.body['it\'s']}", "quoted", id="a-quote-in-a-name"),
        pytest.param("$request.body.items[*].type", "[a, b]", id="all-items"),
        pytest.param("$request.body.items.*.n", "[1, 2]", id="all-items-with-a-dot"),
        pytest.param("$request.body..type", "[a, b]", id="at-any-depth"),
        pytest.param("$request.body..where.name", "[w]", id="at-any-depth-a-word-of-the-library"),
        pytest.param("$request.body.items[0:1].type", "[a]", id="a-slice"),
        pytest.param("$request.body.items[0,1].type", "[a, b]", id="a-union"),
        pytest.param("${request.body.items[?(@.n==2)].type}", "[b]", id="a-filter"),
        pytest.param("$request.body.items[?(@['n']==2)]['type']", "[b]", id="a-bare-filter-with-brackets"),
        pytest.param("$request.body.items[?(@.n=='x')].type", "[]", id="a-filter-that-finds-nothing"),
        pytest.param("${request.body.*.name}", "[]", id="a-wildcard-that-finds-nothing"),
        pytest.param("action", "action", id="static"),
        pytest.param(r"\$default", "$default", id="an-escaped-dollar"),
        pytest.param("$default", "$default", id="the-dollar-that-should-be-escaped"),
        pytest.param(r"cost\$${request.body.action}", "cost$join", id="an-escaped-dollar-before-a-variable"),
    ],
)
def test_the_value_of_an_expression(expression: str, value: str) -> None:
    parsed = parse(expression)
    assert (parsed.evaluate(MESSAGE), parsed.problems) == (value, ())


@pytest.mark.parametrize(
    ("message", "value"),
    [
        pytest.param([1, 2, "third"], "third", id="a-list"),
        pytest.param([1], "", id="a-list-too-short"),
        pytest.param("text", "", id="text"),
        pytest.param(None, "", id="null"),
    ],
)
def test_a_message_may_be_any_json(message: Any, value: str) -> None:
    assert parse("$request.body[2]").evaluate(message) == value


def test_the_whole_message_may_be_the_value() -> None:
    assert [parse("$request.body").evaluate(each) for each in ("join", 7, None)] == ["join", "7", ""]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        pytest.param("$request.header.x-a", "$request.header.x-a is not a supported variable", id="a-header"),
        pytest.param("$context.connectionId", "$context.connectionId is not a supported variable", id="the-context"),
        pytest.param("${stageVariables.x}", "${stageVariables.x} is not a supported variable", id="a-stage-variable"),
        pytest.param("$request.bodyx.a", "$request.bodyx.a is not a supported variable", id="a-longer-name"),
        pytest.param(
            "${integration.response.statuscode}",
            "${integration.response.statuscode} is not a supported variable",
            id="a-status-of-nothing",
        ),
        pytest.param(
            "${request.body.items.length()}",
            "${request.body.items.length()} is not a JSONPath that the gateway can evaluate",
            id="a-function",
        ),
        pytest.param("${request.body.a", "$ does not begin a variable", id="an-open-brace"),
        pytest.param(
            "$request.body@type", "$request.body@type is not a supported variable", id="no-dot-before-an-at-sign"
        ),
    ],
)
def test_a_variable_that_cannot_be_evaluated_is_a_problem(expression: str, problem: str) -> None:
    parsed = parse(expression)
    assert (parsed.problems, parsed.static) == ((problem,), None)


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("$request.body.", id="a-dot-behind-the-body"),
        pytest.param("$request.body.action.", id="a-dot-behind-a-name"),
        pytest.param("$request.body.items[0].", id="a-dot-behind-an-index"),
        pytest.param("${request.body.action.}", id="a-dot-in-braces"),
        pytest.param("$request.body.items[0", id="an-open-bracket"),
        pytest.param("$request.body.items[]", id="empty-brackets"),
        pytest.param("$request.body.action]", id="a-closing-bracket-alone"),
        pytest.param("$request.body.action}", id="a-closing-brace-alone"),
        pytest.param("$request.body[action]", id="a-name-in-brackets-without-quotes"),
        pytest.param("$request.body.'action'", id="quotes-without-brackets"),
        pytest.param("$request.body.items.index(0)", id="a-function-with-an-argument"),
        pytest.param("$request.body.act*", id="a-wildcard-in-a-name"),
        pytest.param(r"$request.body.a\.b", id="an-escaped-dot"),
    ],
)
def test_a_path_that_ends_early_is_a_problem(expression: str) -> None:
    assert parse(expression).problems == (f"{expression} is not a JSONPath that the gateway can evaluate",)


def test_a_path_that_the_library_cannot_read_is_a_problem() -> None:
    (problem,) = parse("$request.body.items[(@.length-1)]").problems
    assert problem.startswith("$request.body.items[(@.length-1)] is not a JSONPath that the gateway can evaluate (")


def test_a_filter_that_compares_text_with_a_number_finds_nothing() -> None:
    assert parse("$request.body.items[?(@.type>1)].n").evaluate(MESSAGE) == "[]"
    assert parse("$request.body.items[?(@.n>1)].n").evaluate({"items": [{"n": None}, {"n": {}}, 3]}) == "[]"


def test_a_response_knows_the_status() -> None:
    parsed = parse("$integration.response.statuscode/${request.body.action}", "200")
    assert (parsed.evaluate(MESSAGE), parsed.problems) == ("200/join", ())
