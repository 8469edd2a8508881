"""Write down every name look-up and connection that leaves this machine.

Python imports a module of this name at its start wherever this folder is on PYTHONPATH: in every
kernel and in every Python process that a lesson starts. `LOOKUPS` names the file to write to.
Audit hooks see what C code does too (https://docs.python.org/3/library/audit_events.html).
"""

from __future__ import annotations

import ipaddress
import os
import sys

EVENTS = {
    "socket.getaddrinfo": 0,  # event: where in its arguments the host or address stands
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
    "socket.connect": 1,
    "socket.sendto": 1,
}


def stays_here(host: object) -> bool:
    """Tell whether a host names this machine: loopback, a wildcard, or a Unix socket."""
    if isinstance(host, tuple):
        host = host[0]
    elif isinstance(host, (str, bytes)) and b"/" in os.fsencode(host):
        return True
    if isinstance(host, bytes):
        host = host.decode("utf-8", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def write_down(event: str, arguments: tuple) -> None:
    """Record the event if it leaves this machine."""
    if event in EVENTS and not stays_here(arguments[EVENTS[event]]):
        line = f"{event} {arguments[EVENTS[event]]!r} in {os.getcwd()}\n"
        with open(os.environ["LOOKUPS"], "a", encoding="utf-8") as file:
            file.write(line)


if "LOOKUPS" in os.environ:
    sys.addaudithook(write_down)
