"""
27. Speed
=========

Two programs compute the same numbers. One takes a second, the other an hour. Why? The time of a
training step has three parts: the *calls* that Python makes, the *memory* that is read and written,
and the *arithmetic* itself. This lesson measures each of the three, and then uses what it found:
for kernels, batches, threads, GPUs and many machines.

You need lessons 3, 4 and 26. No GPU is needed. Times differ from computer to computer, so the
claims of this lesson are about large ratios. With ``--long`` each time is measured more often.
"""

import math
import sys
import time

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor
from minigrad.distributed import all_reduce_time, step_time
from minigrad.layers import LSTM, Dense

LONG = "--long" in sys.argv

# %%
# How to measure
# --------------
# A computer does many things at once. Whatever else runs can make our program slower, and nothing
# can make it faster than it is. Suppose the same function took these milliseconds::
#
#     12, 10, 31, 11, 11
#
# The mean is 15, but no run took about 15: one run was disturbed. The smallest, 10, is nearest to
# the time of the function itself. So we measure many times and take the *best*. Before that comes
# one call that is not measured, because the first call often prepares something. And we compute on
# one processor core alone (the section on threads tells more).

minigrad.set_num_threads(1)

times = [12, 10, 31, 11, 11]
assert sum(times) / len(times) == 15 and min(times) == 10


def best_time(function, calls=1):
    """Seconds per call: the best of many measurements, each of some calls in a row."""
    function()
    measured = []
    end = time.perf_counter() + (1.0 if LONG else 0.25)
    while len(measured) < 4 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(calls):
            function()
        measured.append((time.perf_counter() - start) / calls)
    return min(measured)


assert 0.009 < best_time(lambda: time.sleep(0.01)) < 0.1

# %%
# A matrix product in three ways
# ------------------------------
# How much arithmetic is a matrix product? Take (2, 3) @ (3, 4). The result has ``2 * 4 = 8``
# numbers, and each is a sum of 3 products. That makes ``2 * 3 * 4 = 24`` multiplications, and about
# as many additions. In general, (m, k) @ (k, n) takes ``m * k * n`` multiplications. For two
# matrices of 64 by 64, this is ``64 ** 3 = 262144``.

chance = np.random.default_rng(0)
a = chance.normal(size=(64, 64)).astype("float32")
b = chance.normal(size=(64, 64)).astype("float32")
a_list, b_list = a.tolist(), b.tolist()


def product_by_loops(a, b):
    """(the product of two lists of lists, the number of multiplications)."""
    count = 0
    result = [[0.0] * len(b[0]) for _ in a]
    for i in range(len(a)):
        for j in range(len(b[0])):
            for k in range(len(b)):
                result[i][j] += a[i][k] * b[k][j]
                count += 1
    return result, count


def product_by_rows(a, b):
    """One NumPy call for each row of the result."""
    result = np.empty((len(a), b.shape[1]), "float32")
    for i in range(len(a)):
        result[i] = a[i] @ b
    return result


assert product_by_loops([[1, 2, 3], [4, 5, 6]], [[1] * 4] * 3) == ([[6] * 4, [15] * 4], 24)
by_loops, count = product_by_loops(a_list, b_list)
assert count == 64**3 == 262_144
assert np.allclose(by_loops, a @ b, atol=1e-4)
assert np.allclose(product_by_rows(a, b), a @ b, atol=1e-4)

product_times = {
    "loops": best_time(lambda: product_by_loops(a_list, b_list)),
    "rows": best_time(lambda: product_by_rows(a, b), calls=5),
    "a @ b": best_time(lambda: a @ b, calls=20),
}
for name, seconds in product_times.items():
    print(f"{name:6} {seconds * 1e6:9.1f} microseconds")
assert product_times["loops"] > 30 * product_times["a @ b"]
assert product_times["loops"] > 5 * product_times["rows"] > 5 * product_times["a @ b"]

# %%
# The arithmetic is the same. But in the loops, Python looks up names and types for every single
# multiplication. NumPy does that once per call, and then runs a loop that was compiled beforehand.
# To replace loops of Python by calls on whole arrays is called *vectorization*.
#
# The price of a call
# -------------------
# A call on an array costs something before the first number is touched: the *overhead*. Suppose it
# is 1 microsecond (a millionth of a second), and each number then takes a thousandth of that::
#
#     10 numbers:         1 + 0.01 = 1.01 microseconds
#     1000 numbers:       1 + 1    = 2
#     1 000 000 numbers:  1 + 1000 = 1001
#
# So small arrays all take the same time: ten numbers cost as much as one. Measure it:

sizes = [10**power for power in range(7)]
add_times = []
for size in sizes:
    numbers, out = np.ones(size, "float32"), np.empty(size, "float32")
    calls = max(1, 20_000 // size)
    add_times.append(best_time(lambda: np.add(numbers, numbers, out=out), calls=min(calls, 500)))
print("adding 1, 1000, 1 000 000 numbers:", end=" ")
print(", ".join(f"{add_times[k] * 1e6:.2f}" for k in (0, 3, 6)), "microseconds")
assert 1 + 1e-3 * 10 == 1.01 and 1 + 1e-3 * 1_000_000 == 1001
assert add_times[1] < 3 * add_times[0]
assert add_times[6] > 15 * add_times[3]

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
bars = left.bar(product_times.keys(), np.array([*product_times.values()]) * 1e6, color="tab:blue")
left.bar_label(bars, fmt="{:.0f}", padding=2)
left.set(yscale="log", ylabel="microseconds", title="A product of 64 x 64, three ways")
left.set(ylim=(1, 10 * max(product_times.values()) * 1e6))
right.loglog(sizes, np.array(add_times) * 1e6, "o-")
right.set(xlabel="numbers in the array", ylabel="microseconds", title="One addition of two arrays")
plt.show()

# %%
# On the right, the line is flat up to about a thousand numbers: there, the overhead is all. Then it
# rises like the number of numbers. A small network lives on the flat part. What counts there is the
# *number of calls*.
#
# Passes over memory
# ------------------
# For large arrays, count how often the memory is gone through. Each call reads its inputs from
# memory and writes its result there. ``x * 2 * 3 * 4 * 5`` is four calls, each of which reads n
# numbers and writes n: ``8 * n`` numbers are moved. ``x * 120`` gives the same, and moves
# ``2 * n``. The number of bytes that memory can deliver per second is its *bandwidth*. The
# processor can multiply faster than the memory brings the numbers, so four passes take several
# times as long as one.

x = np.ones(2**23, "float32")
out = np.empty_like(x)


def four_passes():
    np.multiply(x, 2, out=out)
    np.multiply(out, 3, out=out)
    np.multiply(out, 4, out=out)
    np.multiply(out, 5, out=out)
    return out


def one_pass():
    return np.multiply(x, 120, out=out)


assert np.array_equal(four_passes().copy(), one_pass())
ratio = best_time(four_passes) / best_time(one_pass)
print(f"four passes take {ratio:.1f} times as long as one")
assert ratio > 1.6

# %%
# Next to the processor is a small, fast memory, the *cache*. It does not fetch single numbers. It
# fetches a *cache line*, usually 64 bytes that lie next to each other: ``64 / 4 = 16`` numbers of
# float32. A program that uses only every 16th number still fetches all of them. We add up half a
# million numbers, once those that lie side by side, and once every 16th of a larger array.

side_by_side, every_16th = x[: 2**19], x[::16]
assert len(side_by_side) == len(every_16th) == 2**19
ratio = best_time(lambda: every_16th.sum()) / best_time(lambda: side_by_side.sum())
print(f"every 16th number: {ratio:.1f} times as long, for as many additions")
assert ratio > 1.5

# %%
# The worst case is to walk down the columns of a large matrix, because its rows lie in memory one
# after the other: each number lies in another line, and when the walk comes to the next column, the
# first lines have left the cache. This happens when a matrix is *transposed* (rows become columns).
# The remedy is to work in *blocks* small enough for the cache: 64 rows and 64 columns at a time,
# so that every line that was fetched is used up.

matrix = chance.normal(size=(1024, 1024)).astype("float32")
turned = np.empty_like(matrix)


def transpose():
    turned[...] = matrix.T
    return turned


def transpose_in_blocks(size=64):
    for i in range(0, 1024, size):
        for j in range(0, 1024, size):
            turned[i : i + size, j : j + size] = matrix[j : j + size, i : i + size].T
    return turned


assert np.array_equal(transpose().copy(), transpose_in_blocks())
straight = np.empty_like(matrix)
copy_time = best_time(lambda: np.copyto(straight, matrix))
whole_time, block_time = best_time(transpose), best_time(transpose_in_blocks)
print(f"copy {copy_time * 1e3:.1f} ms, transpose {whole_time * 1e3:.1f} ms, ", end="")
print(f"in blocks {block_time * 1e3:.1f} ms")
assert whole_time > 2 * copy_time
assert whole_time > 1.2 * block_time

# %%
# A matrix product in blocks
# --------------------------
# This is also why ``a @ b`` is so fast. A product of 4 x 4 matrices without blocks reads, for
# each of 16 results, a row of 4 and a column of 4: ``16 * 8 = 128`` numbers. Cut both into blocks
# of 2 x 2. A block of the result needs two products of blocks. For each, two blocks of 4 numbers
# are fetched once and then used twice. There are 4 blocks of the result: ``4 * 2 * 8 = 64``
# numbers. In general, blocks of size s divide the fetching by s.


def product_in_blocks(a, b, size):
    """(the product of two square matrices, the numbers fetched)."""
    n = len(a)
    result = np.zeros((n, n), a.dtype)
    fetched = 0
    for i in range(0, n, size):
        for j in range(0, n, size):
            for k in range(0, n, size):
                left = a[i : i + size, k : k + size]
                right = b[k : k + size, j : j + size]
                result[i : i + size, j : j + size] += left @ right
                fetched += left.size + right.size
    return result, fetched


small_a, small_b = chance.normal(size=(2, 4, 4))
for size, numbers in ((1, 128), (2, 64), (4, 32)):
    result, fetched = product_in_blocks(small_a, small_b, size)
    assert fetched == numbers == 2 * 4**3 / size
    assert np.allclose(result, small_a @ small_b)
assert np.allclose(product_in_blocks(a, b, 16)[0], a @ b, atol=1e-4)

# %%
# Kernels
# -------
# Now the same thoughts for a whole layer. The definition of an op (lesson 26) is written for
# readers: many small calls. Its kernel does the same in few calls and few passes. An LSTM (lesson
# 15) over 30 time steps shows it well, because its definition makes the same calls 30 times.
#
# ``use_kernels(False)`` runs the definitions, ``use_kernels("numpy")`` the kernels in NumPy. By
# default, minigrad also uses loops that Numba has compiled, where Numba is installed.

minigrad.seed(0)
recurrent = LSTM(32, input_shape=(30, 16))
sequences = Tensor(chance.normal(size=(32, 30, 16)).astype("float32"))
recurrent(sequences)  # makes the weights
first_kernel = recurrent.weights[0]


def forward_and_backward():
    loss = (recurrent(sequences) ** 2).mean()
    first_kernel.grad = None
    loss.backward()
    return loss.item(), first_kernel.grad.copy()


kernel_times, kernel_results = {}, {}
for choice in (False, "numpy"):
    with minigrad.use_kernels(choice):
        kernel_results[choice] = forward_and_backward()
        kernel_times[choice] = best_time(forward_and_backward)
print(f"LSTM: definitions {kernel_times[False] * 1e3:.1f} ms, ", end="")
print(f"kernels {kernel_times['numpy'] * 1e3:.1f} ms")
assert kernel_times[False] > 1.5 * kernel_times["numpy"]
assert math.isclose(kernel_results[False][0], kernel_results["numpy"][0], rel_tol=1e-4)
assert np.allclose(kernel_results[False][1], kernel_results["numpy"][1], atol=1e-5)

# %%
# Same numbers, less time. ``minigrad.kernels.report()`` says which form of each op has run in this
# process. Here are the lines for the LSTM:

report = minigrad.kernels.report().splitlines()
print("\n".join(line for line in report if line.startswith(("op ", "lstm"))))
assert any(line.startswith("lstm") for line in report)

# %%
# The size of a batch
# -------------------
# A training step makes the same calls for 1 row and for 1000. Suppose the calls of a step cost 100
# microseconds, and each row 0.5 more. ::
#
#     1 row:      100.5 microseconds, or 9950 rows per second
#     100 rows:   150 microseconds, or 667 thousand rows per second
#     1000 rows:  600 microseconds, or 1.67 million rows per second
#
# The rows per second are the *throughput*. It rises with the batch, up to a limit: ``1 / 0.5``
# rows per microsecond, 2 million per second.


def throughput_by_formula(rows, overhead, per_row):
    return rows / (overhead + rows * per_row)


for rows, expected in ((1, 9950), (100, 666_667), (1000, 1_666_667)):
    value = throughput_by_formula(rows, overhead=100e-6, per_row=0.5e-6)
    assert math.isclose(value, expected, rel_tol=1e-3)
assert throughput_by_formula(1e9, 100e-6, 0.5e-6) > 0.99 * 2e6


def network():
    """The network of lesson 4."""
    minigrad.seed(0)
    model = Sequential(
        [Dense(32, activation="relu", input_shape=(64,)), Dense(10, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


model = network()
batches = (1, 4, 16, 64, 256, 1024)
step_times = []
for rows in batches:
    images = chance.uniform(size=(rows, 64)).astype("float32")
    labels = chance.integers(0, 10, rows)
    step_times.append(best_time(lambda: model.train_on_batch(images, labels), calls=5))
throughput = np.array(batches) / np.array(step_times)

per_row = (step_times[-1] - step_times[0]) / (batches[-1] - batches[0])
overhead = step_times[0] - per_row
print(f"a step: {overhead * 1e6:.0f} microseconds, and {per_row * 1e6:.2f} for each row")
print(f"rows per second: {throughput[0]:.0f} with 1 row, {throughput[-1]:.0f} with 1024")
assert per_row > 0 and step_times[1] < 3 * step_times[0]
assert throughput[4] > 8 * throughput[0]

fig, ax = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
smooth = np.logspace(0, 4, 100)
formula = throughput_by_formula(smooth, overhead, per_row)
ax.loglog(smooth, formula, "--", color="gray", label="rows / (overhead + rows * time per row)")
ax.loglog(batches, throughput, "o", markersize=9, label="measured")
ax.axhline(1 / per_row, color="tab:red", linestyle=":", label="limit: 1 / time per row")
ax.set(xlabel="rows in a batch", ylabel="rows per second", title="Throughput of a training step")
ax.legend(loc="lower right")
plt.show()

assert np.all(throughput < 1.5 / per_row)
expected = [throughput_by_formula(rows, overhead, per_row) for rows in batches]
assert np.all(throughput / expected > 0.3) and np.all(throughput / expected < 3)

# %%
# Does this mean: always take the largest batch? No. An epoch with large batches has few steps, and
# each step moves the parameters once. The time of an *epoch* falls, but the network may need more
# epochs. A batch of 32 to 256 is a usual compromise.
#
# Threads
# -------
# A processor has several *cores*, each of which can compute on its own. A program uses them through
# *threads*. But some parts of a program cannot be shared. If 80 percent of the time can, four
# threads need ::
#
#     0.2 + 0.8 / 4 = 0.4
#
# of the time, so they are 2.5 times as fast, not 4 times. With a thousand threads the 0.2 are still
# there: never more than 5 times. This is *Amdahl's law* (Amdahl 1967).


def amdahl(share, threads):
    """How many times as fast."""
    return 1 / ((1 - share) + share / threads)


assert math.isclose(amdahl(0.8, 4), 2.5)
assert 4.9 < amdahl(0.8, 1000) < 5 < amdahl(0.9, 1000)

# %%
# ``minigrad.set_num_threads`` says how many threads compute. There is a danger: the sum of floating
# point numbers depends on the order. If each thread adds what it happens to get, the same seed
# gives other weights each time. The compiled loops of minigrad cut the work by the shape of the
# arrays, never by the number of threads, and add the parts in a fixed order. So with them, one
# thread and two give the same bits. (Without Numba, the products are NumPy's own. It may cut them
# by the number of threads, and then the last digits differ.)

assert (0.1 + 0.2) + 0.3 != 0.1 + (0.2 + 0.3)  # the order matters

images = chance.uniform(size=(1024, 64)).astype("float32")
labels = chance.integers(0, 10, 1024)
weights = {}
for threads in (1, 2):
    minigrad.set_num_threads(threads)
    model = network()
    model.fit(images, labels, batch_size=512, epochs=2, verbose=0)
    weights[threads] = model.get_weights()
minigrad.set_num_threads(1)
same_bits = [np.array_equal(one, two) for one, two in zip(weights[1], weights[2])]
has_loops = minigrad.kernels.report().startswith("compiled loops")
print("the same bits with one thread and with two:", same_bits)
assert len(same_bits) == 4
assert all(same_bits) or not has_loops
assert all(np.allclose(one, two, atol=1e-4) for one, two in zip(weights[1], weights[2]))
assert not np.array_equal(weights[1][0], network().get_weights()[0])  # and it did learn

# %%
# What a GPU is good at
# ---------------------
# A *GPU* has thousands of simple units that do the same on different numbers, and a memory with a
# very high bandwidth. But each call must be sent to it, which costs more than a call on the
# processor (the *CPU*), and the data must be in its memory. Here is a simple formula for the time.
# A call waits for the memory or for the arithmetic, whichever takes longer (the *roofline model*,
# Williams and others 2009)::
#
#     time = overhead + max(bytes / bandwidth, operations / speed)
#
# Round numbers, as an example. CPU: 1 microsecond, 20 GB per second, 100 billion operations per
# second. GPU: 10 microseconds, 2000 GB per second, 20000 billion operations per second.
#
# * A product of 64 x 64 has ``2 * 64 ** 3 = 524288`` operations (multiplications and additions) and
#   touches ``3 * 64 ** 2 * 4 = 49152`` bytes. CPU: ``1 + max(2.5, 5.2) = 6.2`` microseconds. GPU:
#   ``10 + 0.03 = 10.03`` microseconds. The GPU is slower.
# * A product of 2048 x 2048 has ``1.7e10`` operations. CPU: 172 milliseconds. GPU: 0.87
#   milliseconds. It is 197 times as fast.
# * The sum of two arrays of ten million numbers moves ``1.2e8`` bytes and has only ``1e7``
#   operations: it waits for the memory, on both.

CPU = {"overhead": 1e-6, "bandwidth": 20e9, "speed": 100e9}
GPU = {"overhead": 10e-6, "bandwidth": 2000e9, "speed": 20_000e9}


def roofline(machine, nbytes, operations):
    """(seconds, what the call waits for)."""
    for_memory, for_arithmetic = nbytes / machine["bandwidth"], operations / machine["speed"]
    slower = "memory" if for_memory > for_arithmetic else "arithmetic"
    return machine["overhead"] + max(for_memory, for_arithmetic), slower


def product_time(machine, n):
    return roofline(machine, nbytes=3 * n**2 * 4, operations=2 * n**3)[0]


assert math.isclose(product_time(CPU, 64), 6.2e-6, rel_tol=0.01)
assert math.isclose(product_time(GPU, 64), 10.03e-6, rel_tol=0.01)
assert math.isclose(product_time(CPU, 2048), 0.172, rel_tol=0.01)
assert math.isclose(product_time(CPU, 2048) / product_time(GPU, 2048), 197, rel_tol=0.01)
for machine in (CPU, GPU):
    assert roofline(machine, nbytes=1.2e8, operations=1e7)[1] == "memory"
    assert roofline(machine, nbytes=3 * 2048**2 * 4, operations=2 * 2048**3)[1] == "arithmetic"

# %%
# So a GPU wants few and large calls: wide layers, large batches, convolutions over many images. A
# small network often trains faster without it.
#
# Many machines
# -------------
# Several machines can share a batch: each computes the gradients of its rows, and then the
# gradients are added up, so that all take the same step. This sum, which every machine must get, is
# called an *all-reduce*. How long does it take?
#
# Put K machines in a *ring*; each sends only to the next one. The array is cut into K parts. By
# hand, with K = 3 machines that have (1, 2, 3), (10, 20, 30) and (100, 200, 300). Follow the first
# part:
#
# * Round 1: the first machine sends its 1, and the second adds its 10. It has 11.
# * Round 2: the second sends 11, and the third adds its 100. It has 111, the complete sum.
# * Rounds 3 and 4: the 111 goes around, and the others copy it.
#
# The other parts do the same at the same time, each from another machine on. So there are ``K - 1``
# rounds to add up and ``K - 1`` to hand out, and in each of these ``2 * (K - 1)`` rounds a machine
# sends ``1 / K`` of the array.


def ring_all_reduce(arrays):
    """(what each machine has at the end, rounds): arrays has one array per machine."""
    count = len(arrays)
    parts = [np.array_split(np.array(array, float), count) for array in arrays]
    rounds = 0
    for phase in ("add up", "hand out"):
        for turn in range(count - 1):
            first = 0 if phase == "add up" else 1
            sent = [(m, (m + first - turn) % count) for m in range(count)]
            messages = [parts[m][part].copy() for m, part in sent]
            for (m, part), message in zip(sent, messages):
                neighbor = parts[(m + 1) % count]
                neighbor[part] = neighbor[part] + message if phase == "add up" else message
            rounds += 1
    return [np.concatenate(own) for own in parts], rounds


everyone, rounds = ring_all_reduce([[1, 2, 3], [10, 20, 30], [100, 200, 300]])
print("after", rounds, "rounds each machine has", everyone[0])
assert rounds == 2 * (3 - 1)
assert all(np.array_equal(own, [111, 222, 333]) for own in everyone)
gradients = chance.normal(size=(5, 23))
everyone, rounds = ring_all_reduce(gradients)
assert rounds == 8 and all(np.allclose(own, gradients.sum(axis=0)) for own in everyone)

# %%
# A message takes a fixed time, the *latency*, and then the time for its bytes. So for n bytes::
#
#     time = 2 * (K - 1) * (latency + n / (K * bandwidth))
#
# For 8 MB on K = 8 machines, with a latency of 10 microseconds and 1 GB per second:
# ``14 * (0.00001 + 0.001) = 0.01414`` seconds. With very many machines the bytes take
# ``2 * n / bandwidth = 0.016`` seconds and no more, but the latency goes on growing.

eight = all_reduce_time(8e6, 8, latency=1e-5, bandwidth=1e9)
assert math.isclose(eight, 0.01414)
assert all_reduce_time(8e6, 1, latency=1e-5, bandwidth=1e9) == 0
only_bytes = [all_reduce_time(8e6, k, latency=0, bandwidth=1e9) for k in (2, 8, 64, 1024)]
assert only_bytes == sorted(only_bytes) and 0.0159 < only_bytes[-1] < 0.016

# %%
# ``minigrad.distributed.step_time`` adds the time to compute, and two very short sums. (Here
# nothing is sent while a machine computes.) The *efficiency* is the time of a step on one machine
# divided by the time on K machines, if each of them has as many rows as the one had.

machines = np.array([1, 2, 4, 8, 16, 32, 64])
cases = {
    "2 million parameters, 1 ms to compute": (0.001, 2e6, "o-"),
    "2 million parameters, 20 ms": (0.02, 2e6, "s--"),
    "2 million parameters, 200 ms": (0.2, 2e6, "^-."),
}
fig, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
efficiency = {}
for name, (compute, parameters, style) in cases.items():
    seconds = [
        step_time(compute, 4 * parameters, int(k), latency=1e-5, bandwidth=1e9) for k in machines
    ]
    efficiency[name] = compute / np.array(seconds)
    ax.semilogx(machines, efficiency[name], style, base=2, label=name)
ax.set_xticks(machines, machines)
ax.set(xlabel="machines", ylabel="efficiency", title="What is left of each machine")
ax.set(ylim=(0, 1.05))
ax.legend(loc="center right", bbox_to_anchor=(1.0, 0.31))
plt.show()

small, middle, large = efficiency.values()
assert small[0] == middle[0] == large[0] == 1
assert np.all(np.diff(small) < 0) and np.all(np.diff(large) < 0)
assert small[3] < 0.1 and 0.5 < middle[3] < 0.7 and large[-1] > 0.9
assert 8 * small[3] < 1  # eight machines are slower than one

# %%
# If a step takes only a millisecond, eight machines are slower than one: they do nothing but send.
# If it takes long, 64 machines keep more than nine tenths of their speed. So let each machine
# compute long between two sums: give it a large batch. The same holds for calls, caches, threads
# and GPUs. Each time there is a fixed price, and enough work must be bought with it.
#
# Count the calls
# ---------------
# The player shows one training step of a small network. Count its steps: those of the way forward,
# those of the way back, and one update for each parameter. Each is at least one call, with its
# overhead, and the arrays are so tiny that the arithmetic takes almost no time. (While it records,
# minigrad runs the definitions, so that every small step can be seen. The kernels make fewer
# calls.)

minigrad.seed(0)
tiny = Sequential([Dense(3, activation="relu", input_shape=(2,)), Dense(2, activation="softmax")])
tiny.compile("sgd", "sparse_categorical_crossentropy")
rows = np.array([[1.0, 2.0], [0.5, -1.0]])

with minigrad.record() as run:
    tiny.train_on_batch(rows, np.array([0, 1]))
run.show()

kinds = [step.kind for step in run.steps]
for kind in ("op", "gradient", "update"):
    print(f"{kind:9} {kinds.count(kind):3} steps")
assert kinds.count("update") == 4 and kinds.count("op") > 4 and kinds.count("gradient") > 4
assert len(run) < 100

# %%
# What goes wrong
# ---------------
# **Row by row.** 200 predictions one after the other pay the overhead 200 times.

model = network()
images = chance.uniform(size=(200, 64)).astype("float32")
at_once = best_time(lambda: model.predict(images, verbose=0))
one_by_one = best_time(lambda: [model.predict(image[None], verbose=0) for image in images])
print(f"200 rows: one by one takes {one_by_one / at_once:.0f} times as long as at once")
assert one_by_one > 8 * at_once

# %%
# **A shape too many.** Predictions of shape (1000, 1) minus labels of shape (1000,): broadcasting
# (lesson 3) makes a million differences of it. A thousand times the memory, a thousand times the
# time, and a wrong loss on top. Here all predictions are right, so the loss should be 0.

labels = chance.normal(size=1000).astype("float32")
predictions = labels[:, None]
wrong, right = predictions - labels, predictions - labels[:, None]
print(f"{right.nbytes} bytes became {wrong.nbytes}, and the loss is {np.mean(wrong**2):.2f}")
assert wrong.shape == (1000, 1000) and wrong.nbytes == 1000 * right.nbytes
assert np.mean(right**2) == 0 and np.mean(wrong**2) > 1

# %%
# **The first call.** It may make weights, compile a loop, or capture the step: minigrad notes the
# calls of a training step once, and then repeats them without the Python around them. If you
# measure only one call, you measure that.

model = network()
images, labels = np.ones((32, 64), "float32"), np.zeros(32, int)
start = time.perf_counter()
model.train_on_batch(images, labels)
first = time.perf_counter() - start
later = best_time(lambda: model.train_on_batch(images, labels), calls=5)
print(f"the first step takes {first / later:.0f} times as long as the later ones")
assert first > 2 * later

# %%
# **A number of threads that cannot be**, and a name of kernels that does not exist.

messages = []
for mistake in (
    lambda: minigrad.set_num_threads(0),
    lambda: minigrad.use_kernels("fast").__enter__(),
):
    try:
        mistake()
    except ValueError as error:
        messages.append(str(error))
print("\n".join("ValueError: " + message for message in messages))
assert "a number from 1 to 64, got 0" in messages[0]
assert "'numpy', got 'fast'" in messages[1]

# %%
# ``models/sequences/adding.py`` trains an LSTM on long sequences: run it with and
# without kernels. ``docs/speed.rst`` tells more about kernels and threads, and
# ``docs/distributed.rst`` about training in many processes.
#
# What to remember
# ----------------
# * Measure several times and take the best. Leave out the first call.
# * Small arrays: count the calls. Large arrays: count the passes over memory.
# * Large batches have a higher throughput, up to a limit.
# * Threads help only where the work can be shared (Amdahl's law), and must not change the numbers.
# * GPUs and many machines ask for much work at a time: each message and each call has a price.
#
# Exercises
# ---------
# 1. Write ``answer_1(m, k, n)``: the number of multiplications of (m, k) @ (k, n).
# 2. Write ``answer_2(overhead, per_row, share)``: the smallest batch (a whole number) whose
#    throughput is at least that share of the limit. ``share`` lies between 0 and 1.
# 3. Write ``answer_3(share, goal)``: the smallest number of threads with which a program is at
#    least ``goal`` times as fast, if that share of its time can be divided among threads. Return None
#    if no number of threads is enough.
# 4. Write ``answer_4(nbytes, machines, latency, bandwidth)``: the seconds of an all-reduce in a
#    ring. One machine needs none.
# 5. Write ``answer_5(a, b, size)``: the product of two matrices in blocks, for any shapes (m, k)
#    and (k, n), also if the sides are no multiples of ``size``. ``a`` and ``b`` are NumPy arrays,
#    and each product ``@`` may have sides of at most ``size``.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 27 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/27_speed.py``.
