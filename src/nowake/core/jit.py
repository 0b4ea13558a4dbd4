"""The two decorators of every kernel; their cache is keyed by the hash of all kernel sources.

Numba does not notice an edited helper or constant in another module, so the cache directory carries a digest of every
source file that uses these decorators and of the modules that those import from. `NUMBA_DISABLE_JIT=1` turns both into
plain Python (coverage, debugger).
"""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import config as _config

__all__ = ["cache_dir", "inline", "jit_disabled", "kernel", "kernel_sources"]

F = TypeVar("F", bound=Callable[..., Any])
config: Any = _config  # attributes are made at run time
_IMPORT = re.compile(rb"^from nowake\.([\w.]+) import", re.MULTILINE)


def jit_disabled() -> bool:
    """Tell whether kernels run as plain Python."""
    return bool(config.DISABLE_JIT)


def kernel_sources() -> list[Path]:
    """Return every source file of the package that goes into compiled code: kernels and what they import, sorted."""
    root = Path(__file__).parents[1]
    texts = {path: path.read_bytes() for path in root.rglob("*.py")}
    kernels = {path for path, text in texts.items() if _IMPORT.findall(text).count(b"core.jit")}
    named = {name.decode().replace(".", "/") for path in kernels for name in _IMPORT.findall(texts[path])}
    modules = {root / f"{name}{end}" for name in named for end in (".py", "/__init__.py")}
    return sorted(kernels | (modules & texts.keys()))


@lru_cache(maxsize=1)
def cache_dir() -> str:
    """Return the directory of compiled kernels: under `$NOWAKE_CACHE` or the user's cache, named by the sources.

    Where that cannot be written, it lies in the system's folder for temporary files.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for path in kernel_sources():
        digest.update(path.read_bytes())
    digest.update(b"bounds" if config.BOUNDSCHECK else b"")
    root = os.environ.get("NOWAKE_CACHE")
    base = Path(root) if root else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nowake"
    return str((base if _writable(base) else _private()) / digest.hexdigest()[:16])


def _writable(folder: Path) -> bool:
    """Tell whether `folder` can be written, or made."""
    while not folder.exists():
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)


def _private() -> Path:
    """Return a folder for temporary files that nobody else can write: compiled code is loaded from it."""
    folder = Path(tempfile.gettempdir()) / f"nowake-cache-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    ours = stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and not about.st_mode & 0o022
    return folder if ours else Path(tempfile.mkdtemp(prefix="nowake-cache-"))


def kernel(function: F) -> F:
    """Compile an entry point `f(records, lo, hi, ...)`: releases the lock, cached, IEEE division."""
    return _compile(function, forceinline=False)


def inline(function: F) -> F:
    """Compile a helper of 5-20 lines `f(record, ...)` that is inlined into its callers."""
    return _compile(function, forceinline=True)


def _compile(function: F, *, forceinline: bool) -> F:
    before, config.CACHE_DIR = config.CACHE_DIR, cache_dir()
    try:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=forceinline)(function)
    finally:
        config.CACHE_DIR = before
    return cast("F", compiled)
