"""Patterns of IAM."""

import pytest

from local.policies import matches


@pytest.mark.parametrize(
    ("pattern", "value", "does"),
    [
        pytest.param("*", "a/b:c", True, id="any-characters"),
        pytest.param("arn:*/x", "arn:aws:a/b/x", True, id="slashes-and-colons-too"),
        pytest.param("a?c", "abc", True, id="one-character"),
        pytest.param("a?c", "ac", False, id="not-none"),
        pytest.param("a[b]c", "a[b]c", True, id="brackets-are-brackets"),
        pytest.param("a[b]c", "abc", False, id="and-no-sets"),
        pytest.param("A", "a", False, id="case"),
        pytest.param("a*", "ab\n", True, id="line-breaks"),
        pytest.param("*a" * 30 + "b", "a" * 200, False, id="many-stars-which-take-no-time"),
    ],
)
def test_patterns_match_as_iam_has_it(pattern: str, value: str, does: bool) -> None:
    assert matches(pattern, value) is does
