"""Notes about models."""

from pathlib import Path

import pytest

from tests.support.templates import API, CONNECT_WITH_MODEL, MODEL, loaded


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param(
            API
            + MODEL.replace("SCHEMA", "{ type: object }")
            + CONNECT_WITH_MODEL.replace("ModelSelectionExpression: m, ", ""),
            "{template}:24: "
            "Route has RequestModels, but no ModelSelectionExpression. The messages of Route are not validated.",
            id="models-without-a-selection",
        ),
        pytest.param(
            API.replace("      StageName", "      DisableSchemaValidation: true\n      StageName")
            + MODEL.replace("SCHEMA", "{ type: 5 }")
            + CONNECT_WITH_MODEL,
            "{template}:21: The Schema of Model is not a JSON schema: 5 is not valid under any of the given schemas. "
            "The messages of Route are not validated.",
            id="a-wrong-schema-without-validation",
        ),
        pytest.param(
            API + MODEL.replace("SCHEMA", r"{ properties: { a: { pattern: '\p{L}' } } }") + CONNECT_WITH_MODEL,
            r"{template}:20: The gateway cannot evaluate the Schema of Model: bad escape \p at position 0. "
            "The messages of Route are not validated.",
            id="a-schema-with-a-pattern-of-java",
        ),
        pytest.param(
            API
            + MODEL.replace("SCHEMA", "{ $ref: 'https://apigateway.amazonaws.com/restapis/a/models/b' }")
            + CONNECT_WITH_MODEL,
            "{template}:20: The gateway cannot evaluate the Schema of Model: "
            "https://apigateway.amazonaws.com/restapis/a/models/b. The messages of Route are not validated.",
            id="a-schema-that-refers-to-another-model",
        ),
        pytest.param(
            API
            + MODEL.replace("SCHEMA", "{ type: object }")
            + CONNECT_WITH_MODEL.replace("Expression: m", "Expression: $a.b"),
            "{template}:24: In the ModelSelectionExpression of Route, $a.b is not a supported variable: "
            "the variable is empty.",
            id="a-model-by-another-variable",
        ),
    ],
)
def test_models_that_cannot_be_evaluated_get_a_note(text: str, note: str, tmp_path: Path) -> None:
    assert note.replace("{template}", f"{tmp_path}/template.yaml") in loaded(tmp_path, text).notes
