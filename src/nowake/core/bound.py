"""A kernel bound to the types of its arguments, for the few calls that are made at every market event.

A call of a Numba dispatcher finds out the types of all arguments anew: some 130 ns for an array of records, more than
the work that a quiet event makes. A bound kernel has looked once.
"""

from collections.abc import Callable
from typing import Any

__all__ = ["bound"]


def bound(kernel: Callable[..., Any], *like: Any) -> Callable[..., Any]:
    """Return `kernel` compiled for arguments of the types of `like`; itself where kernels run as plain Python.

    Nothing is checked any more: whoever calls it answers for the types of all arguments, and that arrays are as
    contiguous as those of `like`.
    """
    compile_for = getattr(kernel, "compile", None)
    if compile_for is None:
        return kernel
    import numba

    found: Callable[..., Any] = compile_for(tuple(numba.typeof(value) for value in like))
    return found
