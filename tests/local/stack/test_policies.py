"""IAM policies: patterns, and the resources that a statement covers."""

import pytest

from local.stack.policies import Statement, allows, matches


@pytest.mark.parametrize(
    ("pattern", "value", "is_match"),
    [
        pytest.param("*", "a/b:c", True, id="any-characters"),
        pytest.param("arn:*/x", "arn:aws:a/b/x", True, id="slashes-and-colons-too"),
        pytest.param("a?c", "abc", True, id="one-character"),
        pytest.param("a?c", "ac", False, id="not-none"),
        pytest.param("a[b]c", "a[b]c", True, id="brackets-are-brackets"),
        pytest.param("a[b]c", "abc", False, id="and-no-sets"),
        pytest.param("A", "a", False, id="case"),
        pytest.param("a*", "ab\n", True, id="line-breaks"),
        pytest.param("*a" * 30 + "b", "a" * 200, False, id="many-stars"),
    ],
)
def test_a_pattern_matches_as_in_iam(pattern: str, value: str, is_match: bool) -> None:
    assert matches(pattern, value) is is_match


RESOURCE = "arn:aws:execute-api:us-east-1:123456789012:localapi00/prod/$connect"
ELSEWHERE = "arn:aws:execute-api:ap-south-1:111122223333:localapi00/prod/$connect"


@pytest.mark.parametrize(
    ("statements", "is_allowed"),
    [
        pytest.param([{"Effect": "Allow", "Action": "*", "Resource": ELSEWHERE}], True, id="region-and-account"),
        pytest.param([{"Effect": "Allow", "Action": "*", "Resource": ["x", ELSEWHERE]}], True, id="in-a-list"),
        pytest.param(
            [{"Effect": "Allow", "Action": "*", "Resource": ELSEWHERE.replace("arn:aws:", "arn:aws-cn:")}],
            True,
            id="partition",
        ),
        pytest.param(
            [{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:execute-api:eu-west-1:*"}],
            True,
            id="star-for-the-rest",
        ),
        pytest.param(
            [{"Effect": "Allow", "Action": "*", "Resource": ELSEWHERE.replace("prod", "dev")}],
            False,
            id="another-stage",
        ),
        pytest.param(
            [{"Effect": "Allow", "Action": "*", "Resource": ELSEWHERE.replace("execute-api", "sns")}],
            False,
            id="another-service",
        ),
        pytest.param(
            [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "*", "Resource": ELSEWHERE},
            ],
            False,
            id="denied",
        ),
        pytest.param([{"Effect": "Allow", "Action": "*", "NotResource": ELSEWHERE}], False, id="all-but"),
    ],
)
def test_the_region_and_the_account_of_a_resource_do_not_matter(statements: list[Statement], is_allowed: bool) -> None:
    assert allows(statements, "execute-api:Invoke", RESOURCE) is is_allowed
