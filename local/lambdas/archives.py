"""Unpacks code from zip archives, as Lambda does, so that functions find the other files of the archive."""

import contextlib
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path


def unpacked(path: Path, scratch: Path) -> Path:
    """
    Return the path of a file or folder on disk, unpacked if it is in an archive, or is an archive.

    Args:
        path: May lead through an archive, as in ``code.zip/module.py``.
        scratch: A folder for unpacked archives. An archive is unpacked once, and again after it has changed.

    Raises:
        OSError, zipfile.BadZipFile: If the archive cannot be unpacked.

    """
    archive = next((parent for parent in (path, *path.parents) if parent.is_file()), None)
    if archive is None:
        return path
    folder = scratch / f"code-{zlib.crc32(str(archive).encode()):08x}-{archive.stat().st_mtime_ns}"
    if not folder.exists():
        unpacking = tempfile.mkdtemp(dir=scratch)
        try:
            shutil.unpack_archive(archive, unpacking, "zip")
        except (zlib.error, RuntimeError, NotImplementedError) as error:  # damaged, encrypted, or of a newer version
            raise zipfile.BadZipFile(str(error)) from error
        with contextlib.suppress(OSError):  # another worker was first
            Path(unpacking).rename(folder)
    return folder / path.relative_to(archive)
