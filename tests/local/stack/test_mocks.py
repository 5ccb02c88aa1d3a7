"""The status of a mock integration, which a request template tells."""

import pytest

from local.stack.mocks import status_of


@pytest.mark.parametrize(
    ("template", "status"),
    [
        pytest.param('{"statusCode": 200}', "200", id="json"),
        pytest.param('{"statusCode": "404"}', "404", id="text"),
        pytest.param("{statusCode:404}", "404", id="no-quotes"),
        pytest.param("{'statusCode': '404'}", "404", id="single-quotes"),
        pytest.param('{"x": {"statusCode": 500}, "statusCode": 200}', "200", id="beside-one-of-a-member"),
        pytest.param('{"x": [{"statusCode": 500}], "statusCode": 200}', "200", id="beside-one-in-a-list"),
        pytest.param("{x: {statusCode: 500}, statusCode: 200}", "200", id="beside-one-of-a-member-no-quotes"),
        pytest.param('{"x": "statusCode: 500, }", "statusCode": 200}', "200", id="beside-one-in-a-text"),
        pytest.param('{"statusCode": 200, "x": {"statusCode": 500}}', "200", id="before-one-of-a-member"),
        pytest.param('{"x": {"statusCode": 500}, "y": $input.json("$.y"), "statusCode": 200}', "200", id="a-reference"),
        pytest.param('{"x": "${context.y}", "statusCode": 200}', "200", id="a-reference-in-braces"),
        pytest.param('{"statusCode": 500, "statusCode": 200}', "200", id="the-last-of-two"),
        pytest.param('{"x": {"statusCode": 500}}', None, id="of-a-member-only"),
        pytest.param('[{"statusCode": 500}]', None, id="in-a-list-only"),
        pytest.param('{"x": "\\"statusCode\\": 500"}', None, id="in-a-text-only"),
        pytest.param('{"my-statusCode": 500, other-statusCode: 500}', None, id="the-end-of-another-name"),
        pytest.param('{"statusCode": 2000}', None, id="a-longer-number"),
        pytest.param('{"statusCode": "200 OK"}', None, id="a-number-and-more"),
        pytest.param('{"statusCode": $context.status}', None, id="a-reference-as-the-status"),
        pytest.param('#if($x){"statusCode": 200}#end', None, id="a-directive"),
    ],
)
def test_the_status_is_the_member_of_the_template_s_object(template: str, status: str | None) -> None:
    assert status_of(template) == status
