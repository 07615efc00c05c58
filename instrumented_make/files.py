"""Writes files completely or not at all, and several files as one set."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from instrumented_make.errors import UserError, failure

PRIVATE = 0o600


def current(path: Path) -> str | None:
    """The text of the file at ``path``; None if there is none, or if it is a device, a pipe or similar.

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
    """The content of the file at ``path``, read without blocking: raise OSError for a pipe, a device or a folder.

    Raise ValueError when it is longer than ``max_bytes``.
    """
    with _open(path) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError("it is too long")
    return content


def last_bytes(path: Path | str, max_bytes: int) -> bytes:
    """The last bytes of the file at ``path``, ``max_bytes`` at most. Raise OSError as :func:`regular` does."""
    with _open(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - max_bytes))
        return file.read(max_bytes)


def _open(path: Path | str | bytes) -> BinaryIO:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is not a regular file", os.fsdecode(path))
    return os.fdopen(handle, "rb")


def write(path: Path, text: str, mode: int | None = None) -> None:
    """Replace the content of ``path`` with ``text`` in one step; see :func:`write_all`."""
    write_all({path: text}, mode)


def write_all(texts: Mapping[Path, str], mode: int | None = None) -> None:
    """Replace the content of every file with its text. On failure, change none of them and raise UserError.

    An existing file keeps its permissions; a new one gets ``mode``, or the umask's default. A link keeps pointing at
    its file. Devices, pipes and the like are written to directly. Missing folders are not created.
    """
    with contextlib.ExitStack() as staged:
        replacements = [
            (path, *staged.enter_context(_stage(path, text, mode)))
            for path, text in texts.items()
            if not _is_written_through(path, text)
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
def as_before_on_error(paths: Iterable[Path]) -> Iterator[None]:
    """If what is done inside raises, put back what the files at ``paths`` hold now, and delete those that are new."""
    before = [(path, path.read_bytes() if path.is_file() else None) for path in paths]
    with orderly_end():
        try:
            yield
        except BaseException:
            _restore(before)
            raise


@contextlib.contextmanager
def _stage(path: Path, text: str, mode: int | None) -> Iterator[tuple[Path, str]]:
    """The file that ``path`` resolves to, and a temporary one beside it with ``text``, which is always cleaned up."""
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


def _is_written_through(path: Path, text: str) -> bool:
    """If ``path`` is a device, a pipe or similar, write ``text`` to it directly; return whether it is."""
    if not path.exists() or path.is_file() or path.is_dir():
        return False
    try:
        with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(text)
    except OSError as error:
        raise _cannot_be_written(path, error) from None
    return True


def _restore(replaced: Sequence[tuple[Path, bytes | None]]) -> None:
    """Restore the previous content: the files change together or not at all."""
    for path, before in replaced:
        with contextlib.suppress(OSError, UserError):
            if before is None:
                path.unlink()
                continue
            # As it was written, since the file itself may be read-only.
            with _stage(path, before.decode("utf-8", "surrogateescape"), None) as (target, temporary):
                os.replace(temporary, target)


@contextlib.contextmanager
def orderly_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end this process by an exception, so that what is inside is put back as it was."""

    def stop(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _cannot_be_written(path: Path, error: BaseException) -> Exception:
    reason = getattr(error, "strerror", None) or str(error)
    return failure(
        f"it cannot be written: {reason}", "check that the folder exists and that you can write to it", path=path
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
