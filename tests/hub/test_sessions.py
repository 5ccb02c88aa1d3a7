"""Grants: which sessions a connection may send to."""

import pytest

from hub.sessions import may_send


@pytest.mark.parametrize(
    ("grants", "session_id", "granted"),
    [
        pytest.param(None, "s1", True, id="no-grants-cover-every-session"),
        pytest.param((), "s1", False, id="an-empty-list-covers-none"),
        pytest.param(("s1",), "s1", True, id="exact"),
        pytest.param(("s1",), "s10", False, id="an-id-is-not-a-prefix"),
        pytest.param(("s1",), "s", False, id="an-id-does-not-cover-a-shorter-one"),
        pytest.param(("s1",), "S1", False, id="case-counts"),
        pytest.param(("o-*",), "o-1", True, id="prefix"),
        pytest.param(("o-*",), "o-", True, id="prefix-with-an-empty-ending"),
        pytest.param(("o-*",), "o", False, id="shorter-than-the-prefix"),
        pytest.param(("o-*",), "ao-1", False, id="prefix-in-the-middle"),
        pytest.param(("a.c*",), "abc1", False, id="a-prefix-is-not-a-pattern"),
        pytest.param(("s1", "o-*"), "o-1", True, id="one-of-several"),
        pytest.param(("s1", "o-*"), "s2", False, id="none-of-several"),
        pytest.param(("*",), "s1", True, id="a-star-covers-every-session"),
    ],
)
def test_grants(grants: tuple[str, ...] | None, session_id: str, granted: bool) -> None:
    assert may_send(grants, session_id) is granted
