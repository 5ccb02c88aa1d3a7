"""What ``make build`` makes and ``sam deploy`` uploads: whatever is compiled runs on Lambda."""

import re
import struct
import sys
from pathlib import Path

import pytest

from bench.artefacts import build
from local.stack.loading import translated
from tests.lambdas import ROOT

pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="sam build needs Python 3.12, as Lambda has it")

ARCHITECTURE = translated(ROOT / "template.yaml")["Parameters"]["Architecture"]["Default"]
PROCESSOR = {"arm64": "aarch64", "x86_64": "x86_64"}[ARCHITECTURE]
MACHINE = {"arm64": 183, "x86_64": 62}[ARCHITECTURE]
"""``e_machine`` of an ELF file. Source: the generic ABI's list of machines."""

GLIBC = 34
"""The C library of Lambda's python3.12 is 2.34, that of Amazon Linux 2023."""

MANYLINUX = {"1": "5", "2010": "12", "2014": "17"}
"""The C library, 2.x, that the older names of wheels stand for. Source: PEP 600."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("default") / "build"
    build(folder)
    return folder


def machine(library: bytes) -> int:
    """Return an ELF file's ``e_machine``. The file must be one of 64 bits, little end first."""
    assert library[:6] == b"\x7fELF\x02\x01"
    (number,) = struct.unpack_from("<H", library, 18)
    return int(number)


def test_every_library_is_for_lambda_s_processor_python_and_glibc(built: Path) -> None:
    libraries = [path for path in built.rglob("*") if ".so" in path.suffixes]
    assert {path.relative_to(built).parts[:2] for path in libraries} == {
        ("MessageFunction", "httptools"),
        ("MessageFunction", "uvloop"),
    }
    for path in libraries:
        library = path.read_bytes()
        needed = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", library)]
        assert path.name.endswith(f".cpython-312-{PROCESSOR}-linux-gnu.so")
        assert machine(library) == MACHINE
        assert 0 < max(needed) <= GLIBC


def test_every_compiled_wheel_is_for_lambda_s_processor_python_and_glibc(built: Path) -> None:
    wheels = [path.read_text() for path in built.rglob("*.dist-info/WHEEL")]
    tags = {tag for wheel in wheels for tag in re.findall(r"^Tag: (.+)$", wheel, re.MULTILINE)}
    compiled = {tag for tag in tags if not tag.endswith("-any")}
    assert compiled
    for tag in compiled:
        found = re.fullmatch(rf"cp312-cp312-manylinux(?:_2_)?(\d+)_{PROCESSOR}", tag)
        assert found, tag
        assert int(MANYLINUX.get(found[1], found[1])) <= GLIBC
