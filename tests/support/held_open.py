"""Files that do not answer, as on a mount that is gone: whoever opens one waits.

fanotify asks this process about every open (FAN_OPEN_PERM), and gets no answer. Needs root.
"""
import contextlib
import ctypes
import os
import unittest

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLASS_CONTENT = 0x4
_MARK_ADD = 0x1
_OPEN_PERM = 0x10000
_AT_FDCWD = -100


@contextlib.contextmanager
def held_open(path):
    """Opening `path` takes as long as the block does. It must not be opened by this process."""
    group = _LIBC.fanotify_init(_CLASS_CONTENT, os.O_RDONLY | os.O_CLOEXEC)
    if group < 0:
        raise unittest.SkipTest("fanotify: " + os.strerror(ctypes.get_errno()))
    try:
        if _LIBC.fanotify_mark(group, _MARK_ADD, ctypes.c_uint64(_OPEN_PERM), _AT_FDCWD,
                               os.fsencode(path)) != 0:
            raise unittest.SkipTest("fanotify: " + os.strerror(ctypes.get_errno()))
        yield
    finally:
        os.close(group)  # which lets all of them through
