"""What every packet socket here does beside its own work (linux/if_packet.h, packet(7))."""

from __future__ import annotations

import ctypes
import os
import socket
import struct

SOL_PACKET = 263

_PACKET_ADD_MEMBERSHIP = 1
_PACKET_STATISTICS = 6
_PACKET_MR_PROMISC = 1
_ETH_P_ALL = 0x0003

_libc = ctypes.CDLL(None, use_errno=True)

# struct sockaddr_ll: family, protocol, index, hardware type, packet type, address length, address
_SOCKADDR_LL = struct.Struct("=HHiHBB8s")


def unbound() -> socket.socket:
    """Return a packet socket that hears nothing until it is bound, so that a filter can come first.

    OSError: PermissionError without CAP_NET_RAW, EMFILE.
    """
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)


def bind(sock: socket.socket, index: int) -> None:
    """Let it hear all frames of one device, up or down; OSError when there is none of that index.

    By index: Python binds by name, which may change meanwhile and need not be UTF-8.
    """
    address = _SOCKADDR_LL.pack(
        socket.AF_PACKET, socket.htons(_ETH_P_ALL), index, 0, 0, 0, bytes(8)
    )
    if _libc.bind(sock.fileno(), address, len(address)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def is_bound(sock: socket.socket) -> bool:
    """Tell whether its device is still there, up or down; one made anew is another."""
    address = ctypes.create_string_buffer(_SOCKADDR_LL.size)
    size = ctypes.c_uint32(len(address))
    _libc.getsockname(sock.fileno(), address, ctypes.byref(size))
    return int(_SOCKADDR_LL.unpack(address.raw)[2]) > 0


def make_promiscuous(sock: socket.socket, index: int) -> None:
    """Let the device take in frames for others too, for as long as the socket is open."""
    request = struct.pack("iHH8x", index, _PACKET_MR_PROMISC, 0)
    sock.setsockopt(SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)


def statistics(sock: socket.socket) -> tuple[int, int]:
    """Frames that passed the filter since the last call, and how many of them were dropped.

    struct tpacket_stats: reading resets it, so one owner must add up.
    """
    packets, drops = struct.unpack("II", sock.getsockopt(SOL_PACKET, _PACKET_STATISTICS, 8))
    return packets, drops
