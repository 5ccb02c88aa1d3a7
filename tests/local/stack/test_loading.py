"""Loading a template into an App: the hub's template, and small ones."""

import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from local.stack.app import App, Function, Logging, Route
from local.stack.integration_types import LambdaIntegration, MockIntegration, MockResponse, Templates
from local.stack.loading import load
from tests.support.paths import ROOT
from tests.support.templates import API, BY_HAND, MOCK, loaded

ENDPOINT = "https://localapi00.execute-api.us-east-1.amazonaws.com"


def always(text: str) -> Templates:
    return Templates({"$default": text}, "\\$default")


PING = MockIntegration(always('{"statusCode": 200}'), (MockResponse("$default", always('{"type":"pong"}')),))
ROUTES = {
    "$connect": Route("$connect", LambdaIntegration("ConnectFunction", None), two_way=False),
    "$disconnect": Route("$disconnect", LambdaIntegration("DisconnectFunction", None), two_way=False),
    "sendMessage": Route("sendMessage", LambdaIntegration("MessageFunction", None), two_way=True),
    "resume": Route("resume", LambdaIntegration("MessageFunction", None), two_way=True),
    "who": Route("who", LambdaIntegration("MessageFunction", None), two_way=True),
    "$default": Route("$default", LambdaIntegration("MessageFunction", None), two_way=True),
    "ping": Route("ping", PING, two_way=True),
}


COMMON = {"TABLE_NAME": "ConnectionsTable", "POWERTOOLS_SERVICE_NAME": "local"}
VARIABLES = {
    "ConnectFunction": COMMON
    | {"SIGNING_SECRET_NAME": "SigningSecret", "AUTH_MODE": "none", "ALLOWED_ORIGINS": ""}
    | {"JWT_ISSUER": "", "JWT_AUDIENCE": "", "MAX_CONNECTIONS_PER_SESSION": "0"}
    | {"JWKS_URL": "", "JWT_SESSION_CLAIM": "session_id", "JWT_SEND_CLAIM": "send"}
    | {"WEBSOCKET_ENDPOINT": f"{ENDPOINT}/prod"},
    "DisconnectFunction": COMMON,
    "MessageFunction": COMMON
    | {"WEBSOCKET_ENDPOINT": f"{ENDPOINT}/prod", "URL_SUFFIX": "amazonaws.com", "AUTH_MODE": "none"}
    | {"MESSAGE_RATE": "0", "MESSAGE_BURST": "20"}
    | {"HISTORY_SECONDS": "0", "HISTORY_SESSIONS": "*"},
}


def test_the_hub_s_template() -> None:
    def function(name: str, folder: str, module: str, timeout: float, memory: int) -> Function:
        path = (ROOT.resolve() / folder, ROOT.resolve() / "shared")
        handler = f"{module}.lambda_handler"
        logging = Logging("JSON", "INFO", f"/aws/lambda/local-{name.removesuffix('Function').lower()}")
        return Function(name, path, handler, VARIABLES[name], timeout, memory, function_name=name, logging=logging)

    app = load(ROOT / "template.yaml", {})
    assert (app.stage, app.selection, app.routes) == ("prod", "$request.body.action", ROUTES)
    assert [
        replace(each, policy=None, role="", aliases={}, versions=frozenset()) for each in app.functions.values()
    ] == [
        function("ConnectFunction", "connect", "on_connect_lambda", 10, 256),
        function("DisconnectFunction", "disconnect", "on_disconnect_lambda", 10, 256),
        function("MessageFunction", "send-message", "on_send_message_lambda", 28, 1024),
    ]
    assert [each["TableName"] for each in app.store.tables] == ["ConnectionsTable"]
    assert [each["Name"] for each in app.store.secrets] == ["SigningSecret"]


@pytest.mark.parametrize(
    ("parameter", "value", "changed"),
    [
        pytest.param("StageName", "dev", {"WEBSOCKET_ENDPOINT": f"{ENDPOINT}/dev"}, id="stage"),
        pytest.param("TableName", "rows", {"TABLE_NAME": "rows"}, id="table"),
        pytest.param("SigningSecretName", "key", {"SIGNING_SECRET_NAME": "key"}, id="an-existing-secret"),
        pytest.param("WebSocketEndpoint", "http://a:1", {"WEBSOCKET_ENDPOINT": "http://a:1"}, id="endpoint"),
        pytest.param("AuthMode", "jwt", {"AUTH_MODE": "jwt"}, id="mode"),
        pytest.param("JwtIssuer", "me", {"JWT_ISSUER": "me"}, id="issuer"),
        pytest.param("JwtAudience", "hub", {"JWT_AUDIENCE": "hub"}, id="audience"),
        pytest.param("JwtSessionClaim", "sub", {"JWT_SESSION_CLAIM": "sub"}, id="session-claim"),
        pytest.param("JwtSendClaim", "groups", {"JWT_SEND_CLAIM": "groups"}, id="send-claim"),
        pytest.param("MaxConnectionsPerSession", "7", {"MAX_CONNECTIONS_PER_SESSION": "7"}, id="connections"),
        pytest.param("MessageRate", "5", {"MESSAGE_RATE": "5"}, id="rate"),
        pytest.param("MessageBurst", "9", {"MESSAGE_BURST": "9"}, id="burst"),
        pytest.param("HistorySessions", "a, b-*", {"HISTORY_SESSIONS": "a, b-*"}, id="sessions-with-history"),
        pytest.param("HistoryKeyArn", "arn:aws:kms:us-east-1:123456789012:key/1", {}, id="key-of-no-history"),
        pytest.param("AllowedOrigins", "https://a.example", {"ALLOWED_ORIGINS": "https://a.example"}, id="origins"),
    ],
)
def test_a_parameter_of_the_hub_changes_one_thing(parameter: str, value: str, changed: dict[str, str]) -> None:
    app = load(ROOT / "template.yaml", {parameter: value})
    assert {name: each.environment for name, each in app.functions.items()} == {
        name: variables | {key: new for key, new in changed.items() if key in variables}
        for name, variables in VARIABLES.items()
    }
    assert app.stage == (value if parameter == "StageName" else "prod")
    assert [each["TableName"] for each in app.store.tables] == [changed.get("TABLE_NAME", "ConnectionsTable")]
    assert len(app.store.secrets) == (parameter != "SigningSecretName")


def test_history_adds_a_table_that_only_the_message_function_knows() -> None:
    app = load(ROOT / "template.yaml", {"HistorySeconds": "600"})
    added = {"HISTORY_TABLE": "HistoryTable", "HISTORY_SECONDS": "600"}
    assert {name: each.environment for name, each in app.functions.items()} == VARIABLES | {
        "MessageFunction": VARIABLES["MessageFunction"] | added
    }
    assert [each["TableName"] for each in app.store.tables] == ["ConnectionsTable", "HistoryTable"]
    assert app.routes == ROUTES


def test_the_queue_has_dead_letters_that_only_the_message_function_knows() -> None:
    app = load(ROOT / "template.yaml", {"PublishQueue": "on"})
    dead_letters = app.functions["MessageFunction"].environment["DEAD_LETTERS_URL"]
    assert {name: each.environment for name, each in app.functions.items()} == VARIABLES | {
        "MessageFunction": VARIABLES["MessageFunction"] | {"DEAD_LETTERS_URL": dead_letters}
    }
    assert dead_letters.endswith("PublishDeadLetters")


PACKAGES = f"python/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def test_a_small_template_whole(tmp_path: Path) -> None:
    path = (tmp_path / "function",)
    my_function = Function("MyFunction", path, "main.handle", {}, timeout=3, memory=128, function_name="MyFunction")
    app = loaded(tmp_path)
    assert replace(
        app, functions={name: replace(each, policy=None, role="") for name, each in app.functions.items()}
    ) == App(
        api="Api",
        api_id="localapi00",
        stage="test",
        selection="$request.body.action",
        # One-way in spite of its selection expression: there is no RouteResponse.
        routes={"$default": Route("$default", LambdaIntegration("MyFunction", 1.0), two_way=False)},
        functions={"MyFunction": my_function},
    )


def test_a_parameter_reaches_what_sam_itself_writes(tmp_path: Path) -> None:
    assert loaded(tmp_path, Milliseconds="50").routes["$default"].integration == LambdaIntegration("MyFunction", 0.05)


def test_variables_are_text_as_cloudformation_writes_it(tmp_path: Path) -> None:
    variables = "Environment: { Variables: { FLAG: true, NUMBER: 7, EMPTY: '', NONE: !Ref AWS::NoValue } }"
    app = loaded(tmp_path, API.replace("Handler:", f"{variables}, Handler:"))
    assert app.functions["MyFunction"].environment == {"FLAG": "true", "NUMBER": "7", "EMPTY": ""}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param("layer", "layer", id="a-folder-that-sam-build-wraps"),
        pytest.param("layer/python", "layer/python", id="a-folder-that-is-already-wrapped"),
    ],
)
def test_a_layer_s_folder(made: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / made).mkdir(parents=True)
    layer = "  MyLayer:\n    Type: AWS::Serverless::LayerVersion\n    Properties: { ContentUri: layer/ }\n"
    app = loaded(tmp_path, API.replace("Handler:", "Layers: [!Ref MyLayer], Handler:") + layer)
    assert app.functions["MyFunction"].path == (tmp_path / "function", tmp_path / expected)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        pytest.param("python/m.py", ["python"], id="wrapped"),
        pytest.param("m.py", ["."], id="bare"),
        pytest.param(f"{PACKAGES}/m.py", ["python", PACKAGES], id="as-pip-installs-it"),
    ],
)
def test_a_layer_may_be_an_archive(member: str, expected: list[str], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        archive.writestr(member, "")
    layer = "  MyLayer:\n    Type: AWS::Serverless::LayerVersion\n    Properties: { ContentUri: layer.zip }\n"
    app = loaded(tmp_path, API.replace("Handler:", "Layers: [!Ref MyLayer], Handler:") + layer)
    assert app.functions["MyFunction"].path[1:] == tuple(tmp_path / "layer.zip" / name for name in expected)


ELSEWHERE = "arn:aws:execute-api:eu-west-1:324037305290:localapi00/*/$default"
PINNED = f"""
  Mine:
    Type: AWS::Lambda::Function
    Properties:
      Code: function/
      Handler: main.handle
      Runtime: python3.12
      Role: arn:aws:iam::324037305290:role/somebody-s
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {{ ApiId: !Ref Api, RouteKey: $default, Target: !Sub "integrations/${{Integration}}" }}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${{Mine.Arn}}/invocations"
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: arn:aws:lambda:eu-west-1:324037305290:function:Mine
      Principal: apigateway.amazonaws.com
      SourceArn: {ELSEWHERE}
"""


def test_a_template_may_be_pinned_to_an_account_and_a_region(tmp_path: Path) -> None:
    app = loaded(tmp_path, BY_HAND.replace("STAGE", "s") + PINNED.lstrip("\n"))
    assert app.routes["$default"].integration == LambdaIntegration("Mine", None)


def test_code_may_be_where_cdk_synth_puts_it(tmp_path: Path) -> None:
    (tmp_path / "asset.abc").mkdir()
    code = "Code: { S3Bucket: cdk-assets, S3Key: abc.zip }"
    asset = '    Metadata: { "aws:asset:path": asset.abc }\n    Properties:\n      ' + code
    text = PINNED.replace("    Properties:\n      Code: function/", asset).lstrip("\n")
    app = loaded(tmp_path, BY_HAND.replace("STAGE", "s") + text)
    assert app.functions["Mine"].path == (tmp_path / "asset.abc",)


def test_a_mock_route_answers_its_text(tmp_path: Path) -> None:
    app = loaded(tmp_path, API + MOCK.replace("REPLY", '\'{"type":"pong"}\''))
    response = MockResponse("$default", Templates({"$default": '{"type":"pong"}'}))
    assert app.routes["mock"] == Route("mock", MockIntegration(responses=(response,)), two_way=False)


FOR_EACH = """
  Fn::ForEach::Tables:
    - Name
    - [First, Second]
    - ${Name}Table:
        Type: AWS::DynamoDB::Table
        Properties: { KeySchema: [], AttributeDefinitions: [] }
"""


def test_a_loop_of_resources_is_expanded(tmp_path: Path) -> None:
    text = API.replace("Transform: AWS::", "Transform: [AWS::LanguageExtensions, AWS::").replace("-31\n", "-31]\n", 1)
    assert [each["TableName"] for each in loaded(tmp_path, text + FOR_EACH).store.tables] == [
        "FirstTable",
        "SecondTable",
    ]


def test_a_template_may_refer_to_the_resources_that_sam_makes_of_events(tmp_path: Path) -> None:
    events = "Events: {Often: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}"
    uses = "Environment: {Variables: {RULE: !Ref MyFunctionOften, ARN: !GetAtt MyFunctionOften.Arn}}"
    app = loaded(tmp_path, API.replace("Handler:", f"{events}, {uses}, Handler:"))
    assert app.functions["MyFunction"].environment == {
        "ARN": "arn:aws:local:us-east-1:123456789012:MyFunctionOften/Arn",
        "RULE": "MyFunctionOften",
    }


def test_a_global_table_is_a_table(tmp_path: Path) -> None:
    table = (
        "{ Type: AWS::DynamoDB::GlobalTable, Properties: { AttributeDefinitions: [], KeySchema: [], Replicas: [] } }"
    )
    app = loaded(
        tmp_path, API.replace("Handler:", "Environment: {Variables: {T: !Ref G}}, Handler:") + f"  G: {table}\n"
    )
    assert [each["TableName"] for each in app.store.tables] == ["G"] == [app.functions["MyFunction"].environment["T"]]
    assert not [note for note in app.notes if "not imitated" in note]
