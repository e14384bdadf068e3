"""The pool of threads and the cache on disk, in processes of their own where it matters."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from numba import types
from numba.extending import intrinsic

import minigrad
from minigrad.kernels.compiled import loops, pool

from ..conftest import needs_posix

STEP = """
import numpy as np, minigrad
from minigrad.optimizers import Adam

def step(size=600_000):
    p = minigrad.Parameter(np.linspace(-1, 1, size))
    optimizer = Adam(0.1)
    for i in range(3):
        optimizer.apply([np.cos(np.arange(size, dtype="float32") + i)], [p])
    return p.numpy()
"""


def run(code, **variables):
    """The finished process of a program that begins with STEP."""
    environment = {**os.environ, "MINIGRAD_NUM_THREADS": "2", **variables}
    command = [sys.executable, "-c", STEP + textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


# ---- the pool ------------------------------------------------------------------------------------


@loops.inlined
def _note(block, x, y):
    y[block] = x[block] * x[block]


@loops.loop("T[::1], T[::1]")
def _squares(pool, x, y):
    loops.run_blocks(pool, x.size, _note, (x, y))


def squares(n):
    """n squares, each a block of its own."""
    x, y = np.arange(n, dtype="float64"), np.zeros(n)
    _squares(1 << 30, x, y)
    return y


@pytest.mark.parametrize("n", [0, 1, 2, 3, 1000])
def test_every_block_is_computed_once(n, set_threads):
    for count in (1, 2, 3, 8):
        set_threads(count)
        np.testing.assert_array_equal(squares(n), np.arange(n) ** 2.0)


@intrinsic
def _is_counted(typing_context, array):
    """1 for an array whose uses are counted."""

    def generate(context, builder, signature, args):
        owner = context.make_array(signature.args[0])(context, builder, args[0]).meminfo
        is_null = builder.icmp_unsigned("==", owner, owner.type(None))
        return builder.select(is_null, *map(context.get_constant(types.int64, 0).type, (0, 1)))

    return types.int64(array), generate


@loops.inlined
def _note_part(part, row, notes):
    notes[row] += _is_counted(part[1:])


@loops.inlined
def _note_counts(block, x, notes):
    memory = x[block].copy()
    notes[block] = 10 * _is_counted(x[block]) + 100 * _is_counted(memory)
    loops.lend(_note_part, (memory, block, notes))
    memory[0] = 1  # alive until here


@loops.loop("T[:, ::1], T[::1]")
def _counts(pool, x, notes):
    loops.run_blocks(pool, len(x), _note_counts, (x, notes))


@pytest.mark.parametrize("n", [1, 20])
def test_blocks_count_no_uses_of_arrays_nor_of_the_memory_that_they_lend(n):
    notes = np.zeros(n)
    _counts(1 << 30, np.zeros((n, 3)), notes)
    np.testing.assert_array_equal(notes, 100)  # their own memory is counted


def test_many_jobs_in_a_row_lose_no_block(set_threads):
    set_threads(4)
    expected = np.arange(64) ** 2.0
    for _ in range(2000):
        np.testing.assert_array_equal(squares(64), expected)


def test_a_small_loop_that_comes_alone_wakes_nobody(set_threads, monkeypatch):
    """Waking a helper takes longer; the next loop has it, and so has a large one."""
    set_threads(2)
    monkeypatch.setattr(pool, "SECONDS_AWAKE", 0.2)
    serve = loops.compiled_serve()

    def size_of_pool(shared):
        time.sleep(0.3)  # what counts is when the loop before has ended
        return shared.size

    of_loop = lambda work: pool.pool.run(size_of_pool, (), serve, work)
    small, large = pool.WAKING_WORK - 1, pool.WAKING_WORK
    for first, expected in ((small, 0), (large, pool.SIZE)):
        monkeypatch.setattr(pool.pool, "_ended", 0.0)
        monkeypatch.setattr(pool.pool, "_alone_until", 0.0)
        assert of_loop(first) == expected
        assert of_loop(small) == pool.SIZE


def test_python_threads_run_loops_at_once(set_threads):
    """One has the helpers, the others compute alone; none waits for ever."""
    set_threads(3)
    expected = np.arange(500) ** 2.0
    wrong = []

    def work():
        for _ in range(300):
            if not np.array_equal(squares(500), expected):
                wrong.append(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not any(worker.is_alive() for worker in workers)
    assert not wrong


needs_two_processors = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="Linux moves threads"
)


def is_kept_off(helper):
    """(the processor that a helper is kept off, those that it may use)."""
    place = pool.ASLEEP + helper * pool.LINE
    thread, off = pool.pool.shared[[place + pool.THREAD, place + pool.OFF]]
    return int(off), os.sched_getaffinity(int(thread))


@needs_two_processors
def test_a_helper_runs_where_the_thread_that_it_helps_does_not(set_threads, monkeypatch):
    """Also after that thread has moved; a scheduler may leave both on one for milliseconds."""
    every = os.sched_getaffinity(0)
    set_threads(2)
    # on a busy machine loops would run alone for a while
    monkeypatch.setattr(pool, "SECONDS_ALONE", 0.0)
    monkeypatch.setattr(pool.pool, "_alone_until", 0.0)
    try:
        for own in sorted(every)[:2] * 2:
            os.sched_setaffinity(0, {own})
            squares(1000)
            assert is_kept_off(0) == (own, every - {own})
    finally:
        os.sched_setaffinity(0, every)
    np.testing.assert_array_equal(squares(1000), np.arange(1000) ** 2.0)


@needs_two_processors
def test_helpers_of_all_processors_go_where_they_like():
    done = run(
        """
        import os
        from minigrad.kernels.compiled import pool
        minigrad.set_num_threads(len(os.sched_getaffinity(0)) + 1)
        step()
        place = pool.ASLEEP + pool.LINE * np.arange(pool.pool._count)
        threads = pool.pool.shared[place + pool.THREAD]
        print({len(os.sched_getaffinity(int(i))) for i in threads}, len(os.sched_getaffinity(0)))
        """
    )
    usual, _, every = done.stdout.partition(" ")
    assert usual == f"{{{every.strip()}}}", done.stderr


@needs_posix
def test_a_forked_child_computes_with_helpers_of_its_own():
    done = run(
        """
        import multiprocessing
        expected = step()
        def child(queue): queue.put(step())
        if __name__ == "__main__":
            context = multiprocessing.get_context("fork")
            queue = context.Queue()
            process = context.Process(target=child, args=(queue,))
            process.start()
            print((queue.get(timeout=60) == expected).all())
            process.join()
            print(process.exitcode, (step() == expected).all())
        """
    )
    assert done.stdout.split() == ["True", "0", "True"], done.stderr


def test_a_process_ends_while_helpers_sleep_or_wait():
    done = run("step(); print('end')")
    assert (done.returncode, done.stdout.strip()) == (0, "end"), done.stderr


def test_a_prefetching_thread_and_training_do_not_wait_for_each_other():
    done = run(
        """
        from minigrad.data.loader import prefetch
        def batches():
            for _ in range(20):
                step(50_000)
                yield np.ones((64, 300), "float32")
        model = minigrad.Sequential([minigrad.layers.Dense(400), minigrad.layers.Dense(300)])
        model.compile("adam", "mse")
        for x in prefetch(batches()):
            model.train_on_batch(x, x)
        print("end")
        """
    )
    assert (done.returncode, done.stdout.strip()) == (0, "end"), done.stderr


# ---- the cache on disk ---------------------------------------------------------------------------


def test_the_first_use_says_so_in_one_line_and_the_second_nothing(tmp_path):
    first = run("step()", MINIGRAD_HOME=str(tmp_path))
    assert first.stderr.count("\n") == 1
    assert first.stderr.startswith("minigrad compiles its loops for this processor")
    second = run("step()", MINIGRAD_HOME=str(tmp_path))
    assert (second.returncode, second.stderr) == (0, "")


def test_a_damaged_cache_is_thrown_away(tmp_path):
    run("step()", MINIGRAD_HOME=str(tmp_path))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for i, path in enumerate(sorted(files)):
        path.write_bytes([b"", b"\x80\x04damaged", path.read_bytes()[:-7]][i % 3])
    done = run("print(step()[:2])", MINIGRAD_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout == run("print(step()[:2])", MINIGRAD_KERNELS="numpy").stdout
    again = run("step()", MINIGRAD_HOME=str(tmp_path))
    assert (again.returncode, again.stderr) == (0, "")


@needs_posix
def test_a_folder_that_others_can_write_to_is_not_trusted(tmp_path, monkeypatch):
    """What is loaded from there is run."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    folder.chmod(0o755)
    assert loops._is_private(folder)
    folder.chmod(0o777)
    assert not loops._is_private(folder)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    folder.chmod(0o755)
    assert not loops._is_private(folder)


def test_without_a_place_for_the_cache_loops_run_all_the_same(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("print(step().shape)", MINIGRAD_HOME=str(tmp_path / "file"))
    assert (done.returncode, done.stdout.strip()) == (0, "(600000,)"), done.stderr


def test_another_text_or_version_is_another_folder(monkeypatch):
    before = loops.fingerprint.__wrapped__("optimizers")
    assert before == loops.fingerprint.__wrapped__("optimizers")
    assert before != loops.fingerprint.__wrapped__("pool")
    monkeypatch.setattr(loops.numba, "__version__", "0.0")
    assert before != loops.fingerprint.__wrapped__("optimizers")


def test_a_file_depends_on_the_files_it_imports():
    assert {"optimizers", "loops", "pool"} <= loops._texts("optimizers")


# ---- falling back --------------------------------------------------------------------------------


def test_a_numba_that_does_not_run_is_said_once_and_left_out(tmp_path):
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs NumPy 2.3 or less')")
    done = run("print(step()[:2])", PYTHONPATH=os.pathsep.join([str(tmp_path), *sys.path]))
    assert done.returncode == 0, done.stderr
    assert done.stdout == run("print(step()[:2])", MINIGRAD_KERNELS="numpy").stdout
    warning = "computes with its NumPy kernels, because Numba does not run here"
    assert done.stderr.count(warning) == 1
    assert "Numba needs NumPy 2.3 or less" in done.stderr


@pytest.mark.parametrize("code", ["import minigrad", "step(10)"])
def test_numba_is_not_imported_before_it_is_needed(code):
    """Nor is it by steps of the NumPy kernels."""
    done = run(f"{code}\nimport sys; print('numba' in sys.modules)", MINIGRAD_KERNELS="numpy")
    assert done.stdout.strip() == "False", done.stderr
    done = run("import sys; print('numba' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_the_variable_says_what_it_may_be():
    done = run("", MINIGRAD_KERNELS="fast")
    assert "MINIGRAD_KERNELS must be 'numpy' or 'numba', got 'fast'" in done.stderr


# ---- what ran ------------------------------------------------------------------------------------


def test_the_report_says_which_kernels_ran():
    done = run("step(); print(minigrad.kernels.report())")
    line = next(line for line in done.stdout.splitlines() if line.startswith("adam "))
    assert line.split() == ["adam", "numpy", "numba", "3"]
    done = run("step(); print(minigrad.kernels.report())", MINIGRAD_KERNELS="numpy")
    assert "no compiled loops" in done.stdout


def test_all_loops_are_compiled_by_a_command(tmp_path, monkeypatch, capsys):
    from minigrad.kernels import __main__ as command

    compiled = []
    monkeypatch.setattr(loops.Loop, "compile", lambda self, dtype: compiled.append((self, dtype)))
    assert command.main(["--compile"]) == 0
    assert len(compiled) == 2 * len(loops.Loop.all) > 20
    assert f"{len(compiled)} loops" in capsys.readouterr().out
    assert pool.SPINS > 0
    assert minigrad.kernels.report() in (command.main([]), capsys.readouterr().out.strip())
