"""A list of numbers as an option: written inline, or read from a small file with one bin per line."""

from pathlib import Path

from nowake.core.errors import DataError, InputError

__all__ = ["parse_numbers"]

_NOT_WORDS = ("nan", "inf", "infinity")


def parse_numbers(text: str, what: str) -> tuple[float, ...]:
    """Return the numbers of an option: ``0.2,0.3,0.5`` inline, or the path of a file.

    A file has one bin per line, its number the last column where commas separate several; a first line of words is a
    header; empty lines and lines that begin with # are skipped. InputError or DataError (file and line) else.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        pass
    try:
        found = Path(text).exists()
    except OSError:
        found = False
    if not found:
        raise InputError(what, expected="numbers separated by commas, or a file that exists", got=repr(text))
    return _read(Path(text), what)


def _read(path: Path, what: str) -> tuple[float, ...]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(what, path=path, expected="a readable text file", got=type(error).__name__) from error
    rows = [(i, s.split(",")[-1].strip()) for i, s in enumerate(lines, 1) if s.strip() and not s.startswith("#")]
    if rows and rows[0][1][:1].isalpha() and rows[0][1].lower() not in _NOT_WORDS:
        del rows[0]
    if not rows:
        raise DataError(what, path=path, expected="one number per line", got="no line with a number")
    numbers = []
    for line, value in rows:
        try:
            numbers.append(float(value))
        except ValueError as error:
            raise DataError(what, path=path, line=line, expected="a number", got=repr(value)) from error
    return tuple(numbers)
