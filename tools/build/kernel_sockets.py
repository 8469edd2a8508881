"""Reach kernels over files, not over TCP ports, where the system has such sockets.

Jupyter picks five ports that are free and the kernel binds them a second later. Whatever takes one
of the five in between (another kernel, a server under test) ends the kernel before its first cell,
with "Address already in use". A file in a folder of its own cannot be taken.

As a plugin of pytest (`-p tools.build.kernel_sockets`) it does this for the kernels that nbval
starts.
"""

from __future__ import annotations

import os
import tempfile

from jupyter_client.manager import KernelManager
from traitlets import HasTraits, default

__all__ = ("OverFiles",)

HAS_SUCH_SOCKETS = os.name != "nt"


class OverFiles(HasTraits):
    """What a class of kernel managers inherits, first, to use files."""

    @default("transport")
    def _files_where_there_are(self) -> str:
        return "ipc" if HAS_SUCH_SOCKETS else "tcp"

    @default("ip")
    def _in_a_folder_of_its_own(self) -> str:
        if not HAS_SUCH_SOCKETS:
            return "127.0.0.1"
        # Short: the path of a socket has 103 characters at most. Removed with the manager.
        self._folder = tempfile.TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True)
        return os.path.join(self._folder.name, "socket")


class _Manager(OverFiles, KernelManager):
    pass


def pytest_configure() -> None:
    """Let nbval start its kernels so."""
    import nbval.kernel  # noqa: PLC0415 - only where pytest loads this as a plugin

    nbval.kernel.KernelManager = _Manager
