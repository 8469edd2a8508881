"""The service on a machine that buffers little of what is sent: what nobody reads stays here."""

from __future__ import annotations

import socket
import sys

from production_agent import __main__ as command

create_server = socket.create_server


def narrow(*address, **options) -> socket.socket:
    """Listen; connections inherit the size of the buffer."""
    listening = create_server(*address, **options)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return listening


socket.create_server = narrow
sys.exit(command.main(["--port", "0"]))
