"""Layouts of DBN version 3 records as numpy sees them, and records in bulk.

Source: Databento Binary Encoding, record definitions (little-endian, packed in the order below).
"""

from typing import Any

import numpy as np

__all__ = ["UNDEF_PRICE", "UNDEF_TIME", "prices_of", "table_of"]

UNDEF_PRICE = 2**63 - 1
UNDEF_TIME = 2**64 - 1

_HEADER = [("length", "u1"), ("rtype", "u1"), ("publisher_id", "<u2"), ("instrument_id", "<u4"), ("ts_event", "<u8")]
_PAIR = np.dtype(
    [("bid_px", "<i8"), ("ask_px", "<i8"), ("bid_sz", "<u4"), ("ask_sz", "<u4"), ("bid_ct", "<u4"), ("ask_ct", "<u4")]
)
_TRADE = [
    *_HEADER,
    ("price", "<i8"),
    ("size", "<u4"),
    ("action", "u1"),
    ("side", "u1"),
    ("flags", "u1"),
    ("depth", "u1"),
    ("ts_recv", "<u8"),
    ("ts_in_delta", "<i4"),
    ("sequence", "<u4"),
]
_MBO = [
    *_HEADER,
    ("order_id", "<u8"),
    ("price", "<i8"),
    ("size", "<u4"),
    ("flags", "u1"),
    ("channel_id", "u1"),
    ("action", "u1"),
    ("side", "u1"),
    ("ts_recv", "<u8"),
    ("ts_in_delta", "<i4"),
    ("sequence", "<u4"),
]
_STATUS = [*_HEADER, ("ts_recv", "<u8"), ("status", "<u2"), ("reason", "<u2"), ("event", "<u2"), ("rest", "V10")]
_DTYPES = {
    "MBOMsg": np.dtype(_MBO),
    "TradeMsg": np.dtype(_TRADE),
    "MBP1Msg": np.dtype([*_TRADE, ("levels", _PAIR, (1,))]),
    "CMBP1Msg": np.dtype([*_TRADE, ("levels", _PAIR, (1,))]),
    "BBOMsg": np.dtype([*_TRADE, ("levels", _PAIR, (1,))]),
    "CBBOMsg": np.dtype([*_TRADE, ("levels", _PAIR, (1,))]),
    "MBP10Msg": np.dtype([*_TRADE, ("levels", _PAIR, (10,))]),
    "StatusMsg": np.dtype(_STATUS),
}


def table_of(name: str, rows: list[Any]) -> Any:
    """Return records of one type as a structured array; as they are where the type carries no market event."""
    dtype = _DTYPES.get(name)
    if dtype is None:
        return rows
    cells = [bytes(row) for row in rows]
    if any(len(cell) != len(cells[0]) for cell in cells):  # the time of sending stands behind some of them
        cells = [cell[: dtype.itemsize] for cell in cells]
    data = np.frombuffer(b"".join(cells), np.uint8).reshape(len(rows), -1)
    return np.ascontiguousarray(data[:, : dtype.itemsize]).view(dtype).reshape(-1)


def prices_of(table: Any) -> np.ndarray:
    """Return the defined prices of a table, 1e-9 fixed point; none of records that carry none."""
    if not isinstance(table, np.ndarray) or "price" not in (table.dtype.names or ()):
        return np.zeros(0, np.int64)
    prices: np.ndarray = table["price"]
    if "levels" in (table.dtype.names or ()):
        levels = table["levels"]
        prices = np.concatenate((prices, levels["bid_px"].ravel(), levels["ask_px"].ravel()))
    kept: np.ndarray = prices[(prices != UNDEF_PRICE) & (prices != 0)]
    return kept
