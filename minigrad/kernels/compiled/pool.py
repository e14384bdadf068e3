"""The threads that compiled loops run on: blocks of work are taken one by one, by whoever is free.

    run_blocks(pool, n, body, (x, y))       # inside a loop: body(i, x, y) for i in range(n)

The thread that calls begins at once with the first block and goes on until none is left; helpers
that are awake take blocks too, from the last one on. So the halves of an array stay in the caches
of those that computed them, from one loop to the next. The caller waits only for blocks that a
helper has begun: a processor that is busy with something else costs at most one block, and then
nothing for a while. Which thread computes a block changes nothing in its bits.

A helper that found no work for a while sleeps until it is woken, without being waited for; a small
loop that comes alone is not worth that. It never holds Python's lock. A forked child starts helpers
of its own. A second Python thread that runs a loop meanwhile computes alone.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ... import threads
from . import processors
from .processors import WORDS, keep_off, processor

# where things stand in the shared array, each in a cache line of its own
LINE = 8  # numbers of 64 bits
BUSY, OPEN, TAKEN, FROM_END, ACTIVE, BODY, ARGUMENTS, COUNT, HELPERS, WAITED = (
    LINE * i for i in range(10)
)
PROCESSORS = 10 * LINE  # how many this process may use; then a bit for each, and room for as many
ALLOWED = PROCESSORS + LINE
ROOM = ALLOWED + WORDS
# of each helper: 1 if it sleeps, the address of the lock it sleeps on, the system's number of its
# thread, and that of the processor which it is kept off
ASLEEP = ROOM + WORDS
LOCK, THREAD, OFF = 1, 2, 3
SIZE = ASLEEP + threads.MOST * LINE

SPINS = 50_000  # pauses without work before a helper sleeps: about 200 microseconds
STALL = 500_000  # pauses that a thread may wait for helpers in any case, about a millisecond
PAUSE = 2e-9  # seconds, about
MOST_WAITING = 0.5  # of the time of a loop; more, and the processors of helpers are taken
SECONDS_ALONE = 0.03  # after which helpers are tried again
# multiplications that take longer than to wake a helper, which sleeps if no loop has come so long
WAKING_WORK, SECONDS_AWAKE = 1 << 21, 1e-4


NO_POOL = np.zeros(0, np.int64)  # for run_blocks: no other thread


# ---- machine instructions ------------------------------------------------------------------------


@intrinsic
def fetch_add(typing_context: Any, array: Any, i: Any, n: Any) -> Any:
    """array[i] += n in one instruction; gives the number before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        return builder.atomic_rmw("add", place, args[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), generate


@intrinsic
def exchange(typing_context: Any, array: Any, i: Any, n: Any) -> Any:
    """array[i] = n in one instruction; gives the number before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        return builder.atomic_rmw("xchg", place, args[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), generate


@intrinsic
def load(typing_context: Any, array: Any, i: Any) -> Any:
    """array[i] as other threads have written it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(array, types.int64), generate


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The address of array[i]."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.gep(array.data, [args[1]])


@intrinsic
def job(typing_context: Any, body: Any, arguments: Any) -> Any:
    """(address of a function of (arguments, i) that calls body, address of the arguments)."""
    call = body.get_call_type(typing_context, (types.int64, *arguments.types), {})

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        overload = body.dispatcher.overloads[call.args]
        context.active_code_library.add_linking_library(overload.library)
        address = ir.IntType(8).as_pointer()
        function = ir.Function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [address, ir.IntType(64)]),
            builder.module.get_unique_name(f"job.{overload.fndesc.mangled_name}"),
        )
        function.linkage = "internal"
        inside = ir.IRBuilder(function.append_basic_block())
        kept = context.get_value_type(arguments).as_pointer()
        items = cgutils.unpack_tuple(inside, inside.load(inside.bitcast(function.args[0], kept)))
        callee = context.declare_function(builder.module, overload.fndesc)
        context.call_conv.call_function(
            inside, callee, call.return_type, call.args, [function.args[1], *items]
        )
        inside.ret_void()
        room = cgutils.alloca_once_value(builder, args[1])
        whole = ir.IntType(64)
        addresses = builder.ptrtoint(function, whole), builder.ptrtoint(room, whole)
        return cgutils.pack_array(builder, addresses)

    return types.UniTuple(types.int64, 2)(body, arguments), generate


@intrinsic
def call(typing_context: Any, function: Any, arguments: Any, i: Any) -> Any:
    """Call a function of (arguments, i) by its address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [address, ir.IntType(64)])
        callee = builder.inttoptr(args[0], kind.as_pointer())
        builder.call(callee, [builder.inttoptr(args[1], address), args[2]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def borrowed(typing_context: Any, arguments: Any) -> Any:
    """The arguments with arrays that nobody counts the uses of: their owner outlives the call.

    Each part of an array that a block cuts out would be counted, and all threads count in one
    place: a row of ten numbers then costs more to take than to add up.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        items = []
        for kind, item in zip(arguments.types, cgutils.unpack_tuple(builder, args[0])):
            if isinstance(kind, types.Array):
                array = context.make_array(kind)(context, builder, item)
                array.meminfo = array.meminfo.type(None)
                array.parent = array.parent.type(None)
                item = array._getvalue()
            items.append(item)
        return context.make_tuple(builder, arguments, items)

    return arguments(arguments), generate


@intrinsic
def pause(typing_context: Any) -> Any:
    """Let the processor know that this thread waits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


# Python's own locks, as C functions: they work without Python's lock, on every system
acquire_lock = types.ExternalFunction(
    "PyThread_acquire_lock", types.int32(types.int64, types.int32)
)
release_lock = types.ExternalFunction("PyThread_release_lock", types.void(types.int64))


# ---- what runs -----------------------------------------------------------------------------------


@numba.njit
def run_blocks(pool: Any, n: int, body: Any, arguments: Any) -> None:
    """body(i, *arguments) for each i below n, in any order, on the threads of the pool.

    Args:
        pool: The shared array of the pool, or an empty one to use no other thread.
        n: The number of blocks, which depends on shapes alone.
        body: A function under `inlined`; blocks write to places of their own.
        arguments: A tuple of arrays and numbers.
    """
    arrays = borrowed(arguments)
    if pool.size == 0 or n < 2 or exchange(pool, BUSY, 1) != 0:
        for i in range(n):
            body(i, *arrays)
        return
    function, address = job(body, arrays)
    pool[BODY], pool[ARGUMENTS], pool[COUNT] = function, address, n
    pool[TAKEN], pool[FROM_END] = 0, 0
    exchange(pool, OPEN, 1)
    wake_helpers(pool, n - 1)
    i = 0
    while fetch_add(pool, TAKEN, 1) < n:
        call(function, address, i)
        i += 1
    exchange(pool, OPEN, 0)
    waited = 0
    while load(pool, ACTIVE) != 0:
        waited += 1
        pause()
    pool[WAITED] = max(pool[WAITED], waited)
    exchange(pool, BUSY, 0)


@numba.njit
def lend(function: Any, arguments: Any) -> None:
    """function(*arguments), which counts no uses of the arrays: for the memory of a block.

    Args:
        function: A function under `inlined`.
        arguments: A tuple of arrays and numbers.
    """
    function(*borrowed(arguments))


@numba.njit
def take_blocks(pool: Any) -> None:
    """Take blocks from the last one on and compute them until none is left."""
    n, function, address = pool[COUNT], pool[BODY], pool[ARGUMENTS]
    while fetch_add(pool, TAKEN, 1) < n:
        call(function, address, n - 1 - fetch_add(pool, FROM_END, 1))


@numba.njit
def wake_helpers(pool: Any, most: int) -> None:
    """Wake the helpers that sleep, so many at most; those at work go where this thread is not."""
    here = processor() if pool[HELPERS] < pool[PROCESSORS] else -1
    for helper in range(min(most, pool[HELPERS])):
        place = ASLEEP + helper * LINE
        if here >= 0 and pool[place + OFF] != here:
            pool[place + OFF] = here
            keep_off(pool[place + THREAD], here, pool[ALLOWED:ROOM], pool[ROOM:ASLEEP])
        if load(pool, place) == 1 and exchange(pool, place, 0) == 1:
            release_lock(pool[place + LOCK])


@numba.njit
def has_work(pool: Any) -> bool:
    """True while a job has blocks that nobody has taken."""
    return load(pool, OPEN) == 1 and load(pool, TAKEN) < load(pool, COUNT)


def serve(pool: Any, helper: int) -> None:
    """What a helper does for ever: take part in each job; sleep when none has come for a while."""
    place = ASLEEP + helper * LINE
    waited = 0
    while True:
        if has_work(pool) and helper < load(pool, HELPERS):
            fetch_add(pool, ACTIVE, 1)
            # the job may have been closed meanwhile; open, it stays so while this one is active
            if load(pool, OPEN) == 1:
                take_blocks(pool)
            fetch_add(pool, ACTIVE, -1)
            waited = 0
        waited += 1
        if waited > SPINS:
            exchange(pool, place, 1)
            # a job that has begun since may not have seen it asleep
            if not has_work(pool) or exchange(pool, place, 0) == 0:
                acquire_lock(pool[place + LOCK], 1)
            waited = 0
        pause()


# ---- the pool ------------------------------------------------------------------------------------


class Pool:
    """The helpers of this process and the array through which they get their work."""

    def __init__(self) -> None:
        self.shared = np.zeros(SIZE, np.int64)
        self.shared[ALLOWED:ROOM] = processors.allowed()
        self.shared[PROCESSORS] = int(np.bitwise_count(self.shared[ALLOWED:ROOM]).sum())
        self._count = 0
        self._alone_until = 0.0
        self._ended = 0.0  # when the last loop did

    def run(self, compiled: Any, args: tuple[Any, ...], serve: Any, work: int) -> Any:
        """Call a compiled loop with the helpers, or without while their processors are taken.

        Args:
            compiled: The loop.
            args: Its arguments behind the pool.
            serve: The compiled form of `serve`.
            work: About the number of multiplications.
        """
        begun = time.perf_counter()
        is_first = work < WAKING_WORK and begun - self._ended > SECONDS_AWAKE
        if is_first or begun < self._alone_until:
            result = compiled(NO_POOL, *args)
            self._ended = time.perf_counter()
            return result
        helpers = threads.get_num_threads() - 1
        while self._count < helpers:
            self._start(serve)
        shared = self.shared
        shared[HELPERS] = helpers
        result = compiled(shared, *args)
        self._ended = time.perf_counter()
        if shared[WAITED] > STALL:
            if shared[WAITED] * PAUSE > MOST_WAITING * (self._ended - begun):
                self._alone_until = self._ended + SECONDS_ALONE
            shared[WAITED] = 0
        return result

    def _start(self, serve: Any) -> None:
        lock = _allocate_lock()
        _acquire_lock(lock, 1)  # a helper sleeps until it is released
        place = ASLEEP + self._count * LINE
        self.shared[place + LOCK], self.shared[place + OFF] = lock, -1
        name = f"minigrad helper {self._count + 1}"
        task = {"target": serve, "args": (self.shared, self._count), "name": name}
        helper = threading.Thread(**task, daemon=True)
        helper.start()
        self.shared[place + THREAD] = helper.native_id or 0
        self._count += 1


_allocate_lock = ctypes.pythonapi.PyThread_allocate_lock
_allocate_lock.restype = ctypes.c_void_p
_acquire_lock = ctypes.pythonapi.PyThread_acquire_lock
_acquire_lock.argtypes = ctypes.c_void_p, ctypes.c_int
pool = Pool()


def _forked() -> None:
    """A child has none of the threads of its parent."""
    global pool
    pool = Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
