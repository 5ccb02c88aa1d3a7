"""``make build`` installs libraries that fit the processor, the Python and the C library of the deployed functions."""

import re
import struct
import sys
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.cli.build import build
from local.stack.errors import TemplateError
from local.stack.parameters import parameter_values
from tests.support.ministack import sam
from tests.support.paths import ROOT

pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="sam build needs Python 3.12, as Lambda has it")

OTHER = {"arm64": "x86_64", "x86_64": "arm64"}
PROCESSOR = {"arm64": "aarch64", "x86_64": "x86_64"}
MACHINE = {"arm64": 183, "x86_64": 62}
"""``e_machine`` of an ELF file. Source: the generic ABI's list of machines."""

GLIBC = 34
"""The minor version of the C library of Lambda's python3.12: 2.34, as in Amazon Linux 2023."""

MANYLINUX = {"1": "5", "2010": "12", "2014": "17"}
"""The minor version of the C library that older names of wheels mean. Source: PEP 600."""


@pytest.fixture(scope="module", params=OTHER)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def built(architecture: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(architecture) / "build"
    build(folder, architecture, "--no-cached")
    return folder


def machine(library: bytes) -> int:
    """Return the ``e_machine`` of an ELF file. The file must have 64 bits and be little-endian."""
    assert library[:6] == b"\x7fELF\x02\x01"
    (number,) = struct.unpack_from("<H", library, 18)
    return int(number)


def libraries_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".so" in path.suffixes]


def test_every_library_is_for_lambda_s_processor_python_and_glibc(built: Path, architecture: str) -> None:
    platform = f"cpython-312-{PROCESSOR[architecture]}-linux-gnu"
    assert {path.relative_to(built).parts[:2] for path in libraries_in(built)} == {
        ("ConnectFunction", f"_cffi_backend.{platform}.so"),
        ("ConnectFunction", "cryptography"),
        ("MessageFunction", "httptools"),
        ("MessageFunction", "uvloop"),
    }
    for path in libraries_in(built):
        library = path.read_bytes()
        needed = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", library)]
        assert path.name.endswith((f".{platform}.so", ".abi3.so"))
        assert machine(library) == MACHINE[architecture]
        assert 0 < max(needed) <= GLIBC


def test_every_compiled_wheel_is_for_lambda_s_processor_python_and_glibc(built: Path, architecture: str) -> None:
    wheels = [path.read_text() for path in built.rglob("*.dist-info/WHEEL")]
    tags = {tag for wheel in wheels for tag in re.findall(r"^Tag: (.+)$", wheel, re.MULTILINE)}
    compiled = {tag for tag in tags if not tag.endswith("-any")}
    assert compiled
    for tag in compiled:
        pattern = rf"(?:cp312-cp312|cp3(?:[2-9]|1[0-2])-abi3)-manylinux(?:_2_)?(\d+)_{PROCESSOR[architecture]}"
        match = re.fullmatch(pattern, tag)
        assert match, tag
        assert int(MANYLINUX.get(match[1], match[1])) <= GLIBC


def test_only_the_function_that_reads_tokens_has_the_libraries_for_them(built: Path) -> None:
    for library in ("jwt", "cryptography"):
        assert [path.parent.name for path in built.glob(f"*/{library}")] == ["ConnectFunction"]


def test_the_built_template_allows_only_the_processor_of_the_build(built: Path, architecture: str) -> None:
    parameters = yaml_parse((built / "template.yaml").read_text())["Parameters"]
    assert parameter_values(parameters, {})["Architecture"] == architecture
    with pytest.raises(TemplateError, match=rf"it must be one of {architecture}\."):
        parameter_values(parameters, {"Architecture": OTHER[architecture]})


def test_the_built_template_differs_from_the_source_only_in_paths_and_processor(built: Path) -> None:
    source, result = (yaml_parse((folder / "template.yaml").read_text()) for folder in (ROOT, built))
    for template in (source, result):
        del template["Parameters"]["Architecture"], template["Resources"]["HubLayer"]
        for resource in template["Resources"].values():
            resource.pop("Metadata", None)
            resource["Properties"].pop("CodeUri", None)
    assert result == source


def test_sam_build_without_make_builds_for_the_processor_of_the_global_parameters(tmp_path: Path) -> None:
    config = tmp_path / "samconfig.toml"
    config.write_text((ROOT / "samconfig.toml").read_text().replace("arm64 StageName=staging", "x86_64"))
    options: list[str | Path] = [
        "--config-file",
        config,
        "--config-env",
        "staging",
        "--no-cached",
        "--build-dir",
        tmp_path / "build",
    ]
    sam("build", *options, environment={"AWS_DEFAULT_REGION": "us-east-1"})
    assert {machine(path.read_bytes()) for path in libraries_in(tmp_path / "build")} == {MACHINE["x86_64"]}
