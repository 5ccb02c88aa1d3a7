"""Strict JSON: what Python's own parser accepts and a browser does not is refused."""

import json
import math
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import strict_json

DEEP = 20_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param("{'a': 1}", id="single-quotes"),
        pytest.param("{a: 1}", id="unquoted-name"),
        pytest.param('{"a": 1,}', id="trailing-comma"),
        pytest.param('{"a": 1} x', id="text-after-it"),
        pytest.param('{"a": NaN}', id="nan"),
        pytest.param('{"a": Infinity}', id="infinity"),
        pytest.param('{"a": [-Infinity]}', id="minus-infinity-inside"),
        pytest.param('{"a": 01}', id="leading-zero"),
        pytest.param('{"a": "\t"}', id="raw-tab-in-a-string"),
        pytest.param('\ufeff{"a": 1}', id="byte-order-mark"),
        pytest.param('{"a": 1, "a": 1}', id="duplicate-member"),
        pytest.param('{"x": [{"a": 1, "\\u0061": 2}]}', id="duplicate-member-escaped-and-deep"),
        pytest.param('{"a": "\\ud800"}', id="lone-high-surrogate"),
        pytest.param('{"a": "\\uDFFF"}', id="lone-low-surrogate"),
        pytest.param('{"\\ud800": 1}', id="lone-surrogate-in-a-name"),
        pytest.param('{"a": "\\udc00\\ud800"}', id="surrogates-the-wrong-way-round"),
        pytest.param('{"a": "\ud800"}', id="lone-surrogate-unescaped"),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        strict_json.loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("null", None, id="null"),
        pytest.param('"\\ud83d\\ude00"', "😀", id="surrogate-pair"),
        pytest.param('"\\\\ud800"', "\\ud800", id="escaped-backslash-is-not-a-surrogate"),
        pytest.param('[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}], id="same-name-in-two-objects"),
        pytest.param(" \t\r\n 1 ", 1, id="white-space-around"),
        pytest.param("1e400", math.inf, id="float-beyond-a-double"),
        pytest.param("-" + "9" * 5000, -math.inf, id="integer-of-5000-digits"),
        pytest.param("9" * 309, int("9" * 309), id="integer-of-309-digits"),
        pytest.param("9007199254740993", 9007199254740993, id="integer-beyond-2-to-the-53"),
    ],
)
def test_accepted(text: str, value: object) -> None:
    assert strict_json.loads(text) == value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * DEEP, id="deep-and-never-closed"),
        pytest.param("[" * DEEP + "]" * DEEP, id="deep-lists"),
        pytest.param('{"a":' * DEEP + "1" + "}" * DEEP, id="deep-objects"),
        pytest.param('[{"a":' * DEEP + "1" + "}]" * DEEP, id="deep-lists-of-objects"),
        pytest.param(
            '{"a": "\\ud83d\\ude00", "b": ' + "[" * DEEP + "]" * DEEP + "}", id="deep-beside-a-surrogate-pair"
        ),
    ],
)
def test_deep_nesting_is_refused_without_much_memory(text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="nested too deeply"):
            strict_json.loads(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_a_thousand_levels_are_read() -> None:
    value = strict_json.loads('[{"a":' * 500 + "1" + "}]" * 500)
    for _ in range(500):
        value = value[0]["a"]
    assert value == 1


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES)
def test_loads_reads_the_output_of_dumps(value: object) -> None:
    try:
        text = strict_json.dumps(value)
        text.encode()
    except UnicodeEncodeError:
        with pytest.raises(ValueError, match="surrogates"):
            strict_json.loads(json.dumps(value))
        return
    assert strict_json.loads(text) == value
    assert strict_json.loads(json.dumps(value)) == value


@given(st.text())
def test_any_text_is_a_value_or_a_value_error(text: str) -> None:
    try:
        strict_json.loads(text)
    except ValueError:
        return
    json.loads(text)  # does not raise: the lenient parser accepts whatever the strict one accepts


@pytest.mark.parametrize(
    ("value", "depths"),
    [
        pytest.param(1, 1, id="a-scalar-is-one-layer"),
        pytest.param([], 1, id="an-empty-list-too"),
        pytest.param([[1], {"a": {"b": []}}], 4, id="the-deepest-counts"),
    ],
)
def test_layers(value: object, depths: int) -> None:
    assert len(list(strict_json.layers(value))) == depths
