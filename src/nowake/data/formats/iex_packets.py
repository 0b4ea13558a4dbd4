"""Captured packets to IEX-TP segments: pcap and pcapng, Ethernet, IPv4, UDP, and the IEX transport header.

Sources: the pcap file format (magic a1b2c3d4 / a1b23c4d), the pcapng draft (section header, interface, enhanced and
simple packet blocks), RFC 791, RFC 768, and IEX Transport Specification 1.x (40-byte outbound segment header).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nowake.core.errors import DataError
from nowake.data.source import open_bytes

__all__ = ["MAGICS", "Packet", "Segment", "packets", "segment"]

MAGICS = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\x3c\x4d": ">",
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_MOST = 1 << 24  # a longer packet or block is a damaged length
_TP = struct.Struct("<BBHIIHHqqq")


@dataclass(frozen=True, slots=True)
class Packet:
    """`data`: the link layer bytes as captured, at byte `offset` of the file; `whole` is False for the cut last one."""

    data: bytes
    offset: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Segment:
    """An IEX-TP segment: `first` is the sequence number of the first of `count` messages, which lie in `payload`.

    `sent` is when IEX sent it, ns UTC.
    """

    protocol: int
    session: int
    count: int
    first: int
    sent: int
    payload: bytes
    offset: int


class _Stream:
    def __init__(self, path: Path, raw: BinaryIO) -> None:
        self.path, self._raw, self.at = path, raw, 0

    def read(self, n: int) -> bytes:
        data = self._raw.read(n)
        self.at += len(data)
        return data

    def refuse(self, what: str, offset: int, expected: object, got: object) -> DataError:
        return DataError(what, path=self.path, offset=offset, expected=expected, got=got)


def packets(path: Path) -> Iterator[Packet]:
    """Yield the packets of the capture at `path`; DataError if it is no capture or a length is impossible.

    A file that ends inside a packet yields what is there with `whole` False, once.
    """
    with open_bytes(path) as raw:
        stream = _Stream(path, raw)
        magic = stream.read(4)
        if magic in MAGICS:
            yield from _pcap(stream, MAGICS[magic])
        elif magic == _SECTION:
            yield from _pcapng(stream)
        else:
            raise stream.refuse("not a packet capture", 0, "a pcap or pcapng magic number", magic.hex())


def _pcap(stream: _Stream, order: str) -> Iterator[Packet]:
    head = stream.read(20)
    if len(head) < 20:
        raise stream.refuse("truncated capture header", stream.at, "24 bytes", len(head) + 4)
    link = struct.unpack(order + "I", head[16:])[0] & 0xFFFF
    if link != 1:
        raise stream.refuse("link layer", 20, "1 (Ethernet)", link)
    while record := stream.read(16):
        start = stream.at - len(record)
        if len(record) < 16:
            yield Packet(record, start, whole=False)
            return
        size = struct.unpack(order + "4I", record)[2]
        if size > _MOST:
            raise stream.refuse("packet length", start + 8, f"at most {_MOST}", size)
        data = stream.read(size)
        yield Packet(data, start + 16, len(data) == size)
        if len(data) < size:
            return


def _pcapng(stream: _Stream) -> Iterator[Packet]:
    order, head = "<", _SECTION + stream.read(4)
    while head:
        start = stream.at - len(head)
        if len(head) < 8:
            yield Packet(head, start, whole=False)
            return
        body = b""
        if head[:4] == _SECTION:
            body = stream.read(4)
            order = ">" if body == b"\x1a\x2b\x3c\x4d" else "<"
        kind, size = struct.unpack(order + "2I", head)
        if size < 12 or size % 4 or size > _MOST:
            raise stream.refuse("pcapng block length", start + 4, "a multiple of 4 from 12", size)
        body += stream.read(size - 8 - len(body))
        if len(body) < size - 8:
            yield Packet(body, start, whole=False)
            return
        if kind == 6:
            length = struct.unpack(order + "I", body[12:16])[0]
            yield Packet(body[20 : 20 + length], start + 28)
        elif kind == 3:
            yield Packet(body[4 : 4 + struct.unpack(order + "I", body[:4])[0]], start + 12)
        elif kind == 1 and (link := struct.unpack(order + "H", body[:2])[0]) != 1:
            raise stream.refuse("link layer", start + 8, "1 (Ethernet)", link)
        head = stream.read(8)


def segment(packet: Packet, path: Path) -> Segment | None:
    """Return the IEX-TP segment in `packet`, None if it is other traffic; DataError if its lengths contradict."""
    data = packet.data
    start = 14
    kind = data[12:14]
    while kind == b"\x81\x00" and len(data) >= start + 4:  # VLAN tags
        kind, start = data[start + 2 : start + 4], start + 4
    if kind != b"\x08\x00" or len(data) < start + 20 or data[start] >> 4 != 4 or data[start + 9] != 17:
        return None
    if struct.unpack(">H", data[start + 6 : start + 8])[0] & 0x3FFF:  # a fragment
        return None
    udp = start + (data[start] & 15) * 4
    at = udp + 8
    if len(data) < at + _TP.size:
        return None
    version, _, protocol, _, session, length, count, _, first, sent = _TP.unpack_from(data, at)
    if version != 1:
        return None
    payload = data[at + _TP.size : at + _TP.size + length]
    if len(payload) < length:
        raise DataError(
            "IEX segment", path=path, offset=packet.offset + at, expected=f"{length} bytes", got=len(payload)
        )
    return Segment(protocol, session, count, first, sent, payload, packet.offset + at + _TP.size)
