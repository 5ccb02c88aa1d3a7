"""The package: its size, its types, and what ``npm pack`` makes of it."""

import gzip
import json
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from hub.version import VERSION
from tests.support.node import ESBUILD, NODE, TYPESCRIPT, need, npm, npx
from tests.support.paths import ROOT

HERE = Path(__file__).parent
CLIENT = ROOT / "client"
DECLARED = (CLIENT / "hub.d.ts").read_text()
MAX_BYTES = 5_120

STRICT = {
    "strict": True,
    "noEmit": True,
    "target": "es2022",
    "module": "nodenext",
    "lib": ["es2024", "dom", "dom.iterable"],
    "types": [],
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
}
LENIENT = STRICT | {"strict": False, "exactOptionalPropertyTypes": False, "allowJs": True, "checkJs": True}


def test_the_client_is_small() -> None:
    need(ESBUILD)
    minified = npx(ESBUILD, "--minify", "--format=esm", CLIENT / "hub.js")
    assert len(gzip.compress(minified.encode(), 9)) <= MAX_BYTES


def test_the_client_imports_nothing() -> None:
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", (CLIENT / "hub.js").read_text(), flags=re.DOTALL)
    assert not re.search(r"^\s*import\b|\bimport\(|\brequire\(", code, re.MULTILINE)


def compile_with_types(folder: Path, options: dict[str, object], *files: str) -> None:
    for path in [CLIENT / "hub.js", CLIENT / "hub.d.ts", HERE / "page.ts", HERE / "agreement.ts"]:
        shutil.copy(path, folder)
    shutil.copy(CLIENT / "hub.js", folder / "implementation.js")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": files}))
    npx(TYPESCRIPT, "-p", folder / "tsconfig.json")


def test_a_page_can_use_the_types(tmp_path: Path) -> None:
    need(TYPESCRIPT)
    compile_with_types(tmp_path, STRICT, "page.ts")


def test_the_types_agree_with_the_code(tmp_path: Path) -> None:
    need(TYPESCRIPT)
    compile_with_types(tmp_path, LENIENT, "agreement.ts")


def test_the_types_tell_the_default_of_each_timing() -> None:
    code = (CLIENT / "hub.js").read_text()
    timing = re.findall(r"^  (\w+): (.+),$", code[: code.index("};")], re.MULTILINE)
    assert len(timing) == 9
    for name, value in timing:
        declared = re.search(rf"/\*\*([^/]*?)\*/\n  {name}: ", DECLARED)
        assert declared, name
        assert value.replace("_", ",") in declared[1], name


@pytest.mark.parametrize("name", ["code", "field", "retryAfterMs", "requestId", "maybeDelivered", "cause"])
def test_the_types_have_what_an_error_has(name: str) -> None:
    assert re.search(rf"^  {name}\??: ", DECLARED, re.MULTILINE)


def test_the_types_have_every_code_of_the_client() -> None:
    code = (CLIENT / "hub.js").read_text()
    used = set(re.findall(r'HubError\("(\w+)"', code))
    declared = set(re.findall(r'"(\w+)"', DECLARED[DECLARED.index("export type ErrorCode") :]))
    assert used <= declared


def test_the_package_says_what_it_is() -> None:
    package = json.loads((CLIENT / "package.json").read_text())
    assert package["version"] == VERSION
    assert (CLIENT / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_package_works(tmp_path: Path) -> None:
    need(NODE)
    [packed] = json.loads(npm("pack", "--json", "--pack-destination", tmp_path, CLIENT))
    assert sorted(file["path"] for file in packed["files"]) == ["LICENSE", "hub.d.ts", "hub.js", "package.json"]
    installed = tmp_path / "node_modules" / packed["name"]
    installed.parent.mkdir()
    with tarfile.open(tmp_path / packed["filename"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (tmp_path / "package").rename(installed)
    (tmp_path / "page.mjs").write_text(
        f'import * as client from "{packed["name"]}"; console.log(Object.keys(client).sort().join());'
    )
    assert npx(NODE, tmp_path / "page.mjs").strip() == "HubError,openHub"
    need(TYPESCRIPT)
    page = (HERE / "page.ts").read_text().replace("./hub.js", packed["name"])
    (tmp_path / "page.ts").write_text(page)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": STRICT, "files": ["page.ts"]}))
    npx(TYPESCRIPT, "-p", tmp_path / "tsconfig.json")
