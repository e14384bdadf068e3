"""Children of this process, which may die, hang or eat memory without harm."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable

MEMORY = 1 << 30  # bytes beyond what the child starts with


def run_limited(body: Callable[[], str], seconds: int = 20, memory: int = MEMORY) -> str:
    """What `body` returns in a child with a limit of time and memory; or how the child ended."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _in_child(body, writer, seconds, memory)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read().decode(errors="replace")
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        took_too_long = number in (signal.SIGALRM, signal.SIGXCPU)
        return "hangs" if took_too_long else f"is killed by {signal.Signals(number).name}"
    return answer


def _in_child(body: Callable[[], str], writer: int, seconds: int, memory: int) -> None:
    """Run `body` under limits, write what it returns, and end the process."""
    faulthandler.disable()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + memory, now + memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    try:
        answer = body()
    except BaseException:  # the parent counts it as a fault
        answer = f"raises {traceback.format_exc(limit=-2)}"
    os.write(writer, answer.encode(errors="replace")[:4000])
    os._exit(0)


def kill_in(body: Callable[[], None], seconds: float) -> None:
    """Run `body` in a child, and kill it that long after it has begun."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, b"!")
        try:
            body()
        finally:
            os._exit(1)
    os.read(reader, 1)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(reader)
    os.close(writer)
