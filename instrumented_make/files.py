"""Writes files whole or not at all, several of them as a set."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from instrumented_make.errors import failure

PRIVATE = 0o600


def current(path: Path) -> str | None:
    """The text of the file at ``path``; None when there is none, or when it is a device, a pipe or the like.

    Raise UserError when it cannot be read.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            return None
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise failure(f"it cannot be read: {error.strerror}", "check the path", path=path) from None


def regular(path: Path | str | bytes, max_bytes: int) -> bytes:
    """The content of the file at ``path``, which nothing makes wait: raise OSError for a pipe, a device or a folder.

    Raise ValueError when it is longer than ``max_bytes``.
    """
    with _opened(path) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError("it is too long")
    return content


def last_bytes(path: Path | str, max_bytes: int) -> bytes:
    """The end of the file at ``path``, of at most ``max_bytes``. Raise OSError as :func:`regular` does."""
    with _opened(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - max_bytes))
        return file.read(max_bytes)


def _opened(path: Path | str | bytes) -> BinaryIO:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file", os.fsdecode(path))
    return os.fdopen(handle, "rb")


def write(path: Path, text: str, mode: int | None = None) -> None:
    """Replace the file at ``path`` by ``text`` in one step; see :func:`write_all`."""
    write_all({path: text}, mode)


def write_all(texts: Mapping[Path, str], mode: int | None = None) -> None:
    """Replace each file by its text: all of them, or, raising UserError, none.

    A file keeps its permissions; a new one gets ``mode``, or what the umask leaves. A link keeps pointing at its
    file. What is no regular file (a device, a pipe) is written to as it is. Folders that are missing are not made.
    """
    with contextlib.ExitStack() as staged:
        replacements = [
            (path, *staged.enter_context(_staged(path, text, mode)))
            for path, text in texts.items()
            if not _written_through(path, text)
        ]
        replaced: list[tuple[Path, bytes | None]] = []
        for path, target, temporary in replacements:
            try:
                before = target.read_bytes() if target.exists() else None
                os.replace(temporary, target)
            except OSError as error:
                _restore(replaced)
                raise _cannot_be_written(path, error) from None
            replaced.append((target, before))


@contextlib.contextmanager
def _staged(path: Path, text: str, mode: int | None) -> Iterator[tuple[Path, str]]:
    """The file that ``path`` leads to, and a temporary one beside it that holds ``text``, removed if it is left."""
    try:
        target = path.resolve()
        permissions = stat.S_IMODE(target.stat().st_mode) if target.exists() else (mode or 0o666 & ~_umask())
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except (OSError, RuntimeError) as error:
        raise _cannot_be_written(path, error) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, permissions)
        yield target, temporary
    except OSError as error:
        raise _cannot_be_written(path, error) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _written_through(path: Path, text: str) -> bool:
    """Write ``text`` to what is neither missing, a regular file nor a folder; return whether it was that."""
    if not path.exists() or path.is_file() or path.is_dir():
        return False
    try:
        with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(text)
    except OSError as error:
        raise _cannot_be_written(path, error) from None
    return True


def _restore(replaced: list[tuple[Path, bytes | None]]) -> None:
    """Put back what was there: the files are a set."""
    for path, before in replaced:
        with contextlib.suppress(OSError):
            if before is None:
                path.unlink()
            else:
                path.write_bytes(before)


def _cannot_be_written(path: Path, error: BaseException) -> Exception:
    reason = getattr(error, "strerror", None) or str(error)
    return failure(
        f"it cannot be written: {reason}", "check that the folder exists and that you may write in it", path=path
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
