"""Every error that l2exporter raises on purpose.

L2ExporterError             a sentence for the operator; the command line prints it alone
  UsageError                a flag's value that cannot be used                exit status 2
  ConfigError               a configuration file: names file, line and key    exit status 1
  StartError                a port in use, a device that does not exist       exit status 1
  CaptureFileError          a capture file: names file and offset             exit status 2
  KernelError               netlink said no, or something that is not netlink
    Overrun                 netlink events were lost
"""


class L2ExporterError(Exception):
    """Base of the tree; `str()` is one line that an operator can act on."""

    exit_status = 1


class UsageError(L2ExporterError):
    """A flag's value cannot be used."""

    exit_status = 2


class ConfigError(L2ExporterError):
    """The configuration file cannot be read or holds something that it must not."""


class StartError(L2ExporterError):
    """The exporter cannot start serving or capturing what was asked for."""


class CaptureFileError(L2ExporterError):
    """A capture file is truncated, damaged, or of a format that is not supported."""

    exit_status = 2

    def __init__(self, path: str, offset: int, problem: str) -> None:
        super().__init__(f"{path}: offset {offset}: {problem}")
        self.path = path
        self.offset = offset
        self.problem = problem


class KernelError(L2ExporterError):
    """A netlink request failed or its answer cannot be read."""


class Overrun(KernelError):  # noqa: N818 - it tells what happened; nothing is broken
    """Events were lost for want of buffer (ENOBUFS): dump the tables again, then read on."""
