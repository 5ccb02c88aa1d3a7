"""Code that lies in zip archives: unpacked, as Lambda does, so that functions find the files beside them."""

import contextlib
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path


def unpacked(path: Path, scratch: Path) -> Path:
    """
    Return where something lies that may be in an archive, or be one.

    Args:
        scratch: A folder for what is unpacked: once, and again when the archive has changed.

    Raises:
        OSError, zipfile.BadZipFile: If it cannot be unpacked.

    """
    archive = next((each for each in (path, *path.parents) if each.is_file()), None)
    if archive is None:
        return path
    folder = scratch / f"code-{zlib.crc32(str(archive).encode()):08x}-{archive.stat().st_mtime_ns}"
    if not folder.exists():
        unpacking = tempfile.mkdtemp(dir=scratch)
        try:
            shutil.unpack_archive(archive, unpacking, "zip")
        except (zlib.error, RuntimeError, NotImplementedError) as error:  # damaged, with a password, of a newer kind
            raise zipfile.BadZipFile(str(error)) from error
        with contextlib.suppress(OSError):  # another worker was first
            Path(unpacking).rename(folder)
    return folder / path.relative_to(archive)
