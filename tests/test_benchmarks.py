"""The benchmarks run, judge fairly and cover every kernel. No test depends on a speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import models as zoo
from benchmarks import report, targets, watching
from benchmarks.__main__ import arguments, main, rows_of
from benchmarks.counting import PRODUCTS, Counter
from benchmarks.harness import ROOT, Worker, measure_in_turns, record
from benchmarks.limits import Speeds, Work, limit
from benchmarks.suites import (
    busy,
    convolutions,
    embeddings,
    estimators,
    fit,
    generative,
    images,
    kernels,
    memory,
    models,
    overhead,
    scaling,
    trainers,
)
from benchmarks.worker import Measured
from minigrad.kernels import compiled


@pytest.fixture(scope="module")
def worker():
    with Worker("minigrad", 1) as started:
        yield started


def run(*arguments):
    """What a Python process started in the repository prints."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


# ---- workers -------------------------------------------------------------------------------------


def test_worker_measures_what_it_is_asked(worker):
    assert worker.missing is None and worker.versions["numpy"] == np.__version__
    for suite, row, variants in [
        ("overhead", overhead.ROWS[0], {"forward", "forward + backward", "recorded"}),
        ("kernels", kernels.ROWS[0], {"numpy", "definition"}),
        ("models", models.ROWS[0], {"loop", "train_on_batch"}),
        ("busy", busy.ROWS[0], {"step"}),
    ]:
        records = measure_in_turns([worker], suite, row, rounds=3, seconds=0.01)
        assert variants <= {r["variant"] for r in records}
        for r in records:
            low, high = r["quartiles"]
            assert 1e-6 < low <= r["median"] <= high < 1 and r["samples"] >= 2 and r["threads"] == 1
    forward, both, recorded = [
        r["median"] for r in measure_in_turns([worker], "overhead", overhead.ROWS[0], 3, 0.01)
    ]
    assert forward < both < recorded


def test_worker_reports_errors_and_lives_on(worker):
    with pytest.raises(RuntimeError, match="KeyError: 'no such model'"):
        worker.ask(suite="models", row="no such model", seconds=0.01)
    assert worker.ask(suite="forget") == {}


def test_a_framework_that_is_not_installed_is_left_out():
    script = """
import sys
sys.modules["torch"] = None
sys.argv[1:] = "torch", "cpu"
import benchmarks.worker
benchmarks.worker.main()
"""
    assert json.loads(run("-c", script)) == {"missing": "torch is not installed"}


@pytest.mark.skipif(
    not os.path.exists("/proc/self/clear_refs"),
    reason="the resident size's peak can be reset on Linux only",
)
def test_memory_counts_what_is_allocated():
    """In a fresh process: one that has trained keeps freed memory, and takes the block from it."""
    script = """
import json
import numpy as np
from benchmarks.suites import memory
meter = memory.Meter("minigrad", "cpu")
start = meter.restart()
block = np.ones(64 << 20, "uint8")
print(json.dumps(meter.peak() - start))
"""
    size, slack = 64 << 20, 1 << 20  # glibc maps 64 MB anew; the kernel counts in batches
    assert size - slack <= json.loads(run("-c", script)) < 2 * size


def test_a_model_is_built_before_its_first_step():
    """As those of the other frameworks are: its parameters are no memory of a step."""
    made = []

    def build():
        made.append(mg.Sequential(mg.layers.Dense(3)))
        return made[-1]

    x, labels = np.zeros((4, 2), "float32"), np.zeros(4, int)
    trainers.train_minigrad(build, x, labels, "cpu")
    assert [len(model.weights) for model in made] == [2, 2]


# ---- the command ---------------------------------------------------------------------------------


def test_command_writes_table_json_and_picture(tmp_path):
    options = ["--only", "kernels", "--quick", "--frameworks", "minigrad"]
    row = ["--rows", "softmax 32x10"]
    shown = run("-m", "benchmarks", *options, *row, "--out", str(tmp_path))
    assert "softmax 32x10" in shown and "targets met" in shown
    text = (tmp_path / "cpu-kernels.json").read_text()
    saved = json.loads(text)
    assert {"numpy", "definition"} <= {r["variant"] for r in saved["judged"]}
    assert saved["versions"]["minigrad"]
    for secret in (str(Path.home()), str(tmp_path), os.uname().nodename):
        assert len(secret) < 3 or secret not in text
    assert (tmp_path / "cpu-kernels.png").read_bytes().startswith(b"\x89PNG")


def test_arguments_name_interpreters(monkeypatch):
    monkeypatch.setenv("MINIGRAD_BENCH_PYTHON", "jax=/a/python,keras=/b/python")
    options = arguments(["--python", "keras=/c/python"])
    assert options.python == {"jax": "/a/python", "keras": "/c/python"}
    assert options.threads == [1, 2]


def test_rows_are_found_by_words_whatever_the_case(capsys):
    assert rows_of("models", ["mlp"]) == [row for row in models.ROWS if row.startswith("MLP")]
    assert rows_of("models", ["MLP", "dropout"]) == rows_of("models", ["dropout mlp"])
    assert rows_of("models", ["MLP", "dropout"]) == ["MLP 784-128-64-10, dropout, batch 128"]
    assert main(["--only", "models", "--only", "fit", "--rows", "no", "such"]) == 2
    shown = capsys.readouterr().out.splitlines()
    assert "no row has 'no such' in its name" in shown[0]
    assert shown[1] == "models" and f"  {models.ROWS[0]}" in shown and f"  {fit.ROWS[0]}" in shown


def test_list_prints_the_rows_of_each_suite(capsys):
    assert main(["--list", "--only", "overhead", "--only", "fit"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == ["overhead", f"  {overhead.ROWS[0]}", "fit", f"  {fit.ROWS[0]}"]


# ---- the registry --------------------------------------------------------------------------------


def test_every_kernel_has_a_case_that_agrees_with_its_definition():
    assert set(kernels.ops_with_kernels()) == set(kernels.CASES)
    others = "moments", "bernoulli"  # a part of batch_norm, and no op
    measured = {*kernels.CASES, *kernels.OPTIMIZERS, *others}
    assert {row.op for row in compiled.ROWS} <= measured
    for row in kernels.ROWS:
        if "1000" not in row and "parameters" not in row:
            variants = kernels.steps("minigrad", row, "cpu")
            definition = variants.pop("definition")()
            for step in variants.values():
                for fast, defined in zip(step(), definition, strict=True):
                    # sums of float32 that cancel keep the error of their largest terms
                    atol = 1e-6 * max(1, abs(defined.data).max())
                    np.testing.assert_allclose(fast.data, defined.data, rtol=1e-4, atol=atol)


def test_a_variant_runs_its_own_kernel():
    """The chosen kernel runs, and the op has its usual one again afterwards."""
    calls = []
    usual = kernels.competing("relu", "cpu", {})[0]
    counted = usual._replace(forward=lambda x: calls.append(1) or usual.forward(x))
    x = mg.Tensor([-1.0, 2.0])
    step = kernels.with_kernel(counted, np.ndarray, lambda: mg.relu(x))
    assert step().data.tolist() == mg.relu(x).data.tolist() == [0, 2] and len(calls) == 1


def test_an_image_model_has_the_same_parameters_in_torch():
    torch = pytest.importorskip("torch")
    for name in ("CNN on digits", "LeNet-5 on 8x8", "small ResNet", "Inception-v4 reduced"):
        data, builders = images.network(name, batch=2)
        ours, theirs = builders["minigrad"](), builders["torch"]()
        count = sum(p.size for p in ours.weights if p.trainable)
        assert sum(p.numel() for p in theirs.parameters()) == count, name
        x, _ = data()
        y = theirs(torch.from_numpy(x).permute(0, 3, 1, 2))
        assert y.shape == ours(x).shape == (2, 10)


@pytest.mark.parametrize("name", ["CNN on digits", "small ResNet", "Inception-v4 reduced"])
def test_an_image_model_computes_the_same_in_jax(name):
    jax = pytest.importorskip("jax")
    data, builders = images.network(name, batch=2)
    model = builders["minigrad"]()
    parameters, apply = images.jax_model(model)
    x, _ = data()
    theirs = apply(parameters, x, None)  # without a key, dropout does nothing
    for layer in model.layers:
        layer.rate = 0.0
    with mg.training():
        ours = model(x)
    np.testing.assert_allclose(theirs, ours.data, rtol=1e-3, atol=1e-4)
    gradients = jax.grad(lambda p: apply(p, x, None).sum())(parameters)
    assert len(jax.tree.leaves(gradients)) == len([p for p in model.weights if p.trainable])


def test_generative_networks_in_jax_have_as_many_parameters():
    jax = pytest.importorskip("jax")
    from benchmarks.suites import networks_jax

    stylegan2 = zoo.load("stylegan2").build(size=32)
    unet = zoo.load("diffusion").build(32)
    unet((np.zeros((1, 16, 16, 1), "float32"), np.ones(1, int), np.zeros(1, int)))
    both = (
        networks_jax.stylegan2_generator(4, 32, 64, 4),
        networks_jax.stylegan2_discriminator(4, 32),
    )
    for model, networks in [(stylegan2, both), (unet, [networks_jax.unet(32)])]:
        theirs = sum(np.size(p) for p in jax.tree.leaves([p for p, _ in networks]))
        assert theirs == sum(p.size for p in model.trainable_weights)


def test_scaling_is_drawn(tmp_path):
    """Of made-up figures, a panel each for images and pixels with both frameworks in it."""
    records = [
        record("scaling", row, framework, 1, "loop", [0.001 * n * size * size / 784])
        for row, (n, size) in scaling.CASES.items()
        for framework in scaling.FRAMEWORKS
    ]
    judged = report.judge(records)
    assert all(r["ratio"] == 1 for r in judged)
    report.picture(tmp_path / "cpu.png", judged)
    assert (tmp_path / "cpu-scaling.png").read_bytes().startswith(b"\x89PNG")


def test_a_turn_begins_with_a_step_that_does_not_count():
    """A step that is slow because another has run in between is no sample."""
    times = iter([9.0, *[1.0] * 20])
    measured = Measured({"loop": lambda: None}, lambda step, n: 0.004)
    measured.timed = lambda step, n: next(times) * n
    assert set(measured.run(3.0)["loop"]) == {1.0}


def test_every_target_belongs_to_a_row():
    suites = [overhead, kernels, convolutions, models, generative, fit, estimators, busy, memory]
    rows = {suite.__name__.rpartition(".")[2]: suite.ROWS for suite in suites}
    rows["convolutions"] = [*rows["convolutions"], "geometric mean"]
    for suite, row, _ in targets.TARGETS:
        assert row == "*" or row in rows[suite]
    assert targets.target("memory", memory.ROWS[0], "training") == 1.0
    assert targets.target("models", "no such model", "loop") is None


def test_generative_networks_have_as_many_parameters_in_both_frameworks():
    pytest.importorskip("torch")
    dcgan, wgan_gp = (zoo.load(name) for name in ("dcgan", "wgan_gp"))
    unet = zoo.load("diffusion").build(32)
    unet((np.zeros((1, 16, 16, 1), "float32"), np.ones(1, int), np.zeros(1, int)))
    from benchmarks.suites import stylegan2_torch as networks

    stylegan2 = zoo.load("stylegan2").build(size=32)
    pairs = [
        (unet, [generative.torch_unet(32)]),
        (stylegan2, [networks.Generator(4, 32, 64, 4), networks.Discriminator(4, 32)]),
    ]
    for name, model, settings in (
        ("dcgan", dcgan.build(4), {"width": 4}),
        ("wgan_gp", wgan_gp.build(28, 4), {"size": 28, "width": 4}),
    ):
        pairs.append((model, generative.torch_pair(name, "cpu", **settings)[:2]))
    for ours, theirs in pairs:
        count = sum(p.numel() for network in theirs for p in network.parameters())
        assert sum(p.size for p in ours.trainable_weights) == count


@pytest.mark.parametrize("row", generative.ROWS)
def test_generative_steps_train_both_frameworks(row):
    pytest.importorskip("torch")
    for framework in ("minigrad", "torch"):
        (step,) = generative.steps(framework, row, "cpu", batch=4).values()
        values = step()
        values = values.values() if isinstance(values, dict) else np.ravel(values)
        assert np.isfinite([float(value) for value in values]).all()


def test_embeddings_of_both_frameworks_agree():
    pytest.importorskip("torch")
    ours, theirs = (
        embeddings.steps(framework, embeddings.ROWS[0], "cpu")["forward + backward"]()[0].numpy()
        for framework in embeddings.FRAMEWORKS
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("workload", models.REGISTRY.values(), ids=lambda w: w.name)
def test_models_have_a_builder_for_every_framework(workload):
    assert {"minigrad", "torch"} <= set(workload.builders) <= set(models.FRAMEWORKS)
    x, labels = workload.data()
    assert x.dtype in ("float32", "int64") and len(x) == len(labels)  # numbers, or tokens


@pytest.mark.parametrize("framework", ["minigrad", "numpy"])
def test_steps_train(framework):
    for name, step in models.steps(framework, models.ROWS[0], "cpu").items():
        losses = [loss_of(step()) for _ in range(60)]
        assert losses[-1] < 0.2 * losses[0], name


def loss_of(result):
    """The loss that a step returns, as a number, alone or among logs."""
    loss = result["loss"] if isinstance(result, dict) else result
    return float(np.ravel(getattr(loss, "data", loss))[0])


def test_convolutions_are_those_of_the_table():
    for row in convolutions.ROWS[:2]:
        size, filters, kernel, _ = convolutions.CASES[row]
        (step,) = convolutions.steps("minigrad", row, "cpu").values()
        assert [g.shape for g in step()] == [size, (kernel, kernel, size[-1], filters)]


# ---- judging -------------------------------------------------------------------------------------


def test_judge_takes_the_better_thread_count_of_both_sides():
    row = "MLP 64-128-64-10, batch 32"
    measured = [
        ("minigrad", "train_on_batch", 1, 5e-4),
        ("minigrad", "train_on_batch", 2, 4e-4),
        ("torch", "loop", 1, 1e-3),
        ("torch", "loop", 2, 2e-3),
        ("numpy", "baseline", 1, 1e-4),
        ("jax", "jit, queued", 1, 1e-4),
    ]
    records = [
        record("models", row, framework, threads, variant, [seconds] * 3)
        for framework, variant, threads, seconds in measured
    ]
    judged = {r["framework"]: r for r in report.judge(records)}
    assert judged["minigrad"]["threads"] == 2 and judged["torch"]["threads"] == 1
    assert judged["minigrad"]["ratio"] == pytest.approx(0.4) and judged["minigrad"]["met"] is True
    assert judged["minigrad"]["partner"] == "torch loop, 1 thread"
    assert judged["numpy"]["ratio"] == pytest.approx(0.1) and judged["numpy"]["met"] is None
    faster = record("models", row, "jax", 2, "jit", [4.5e-4] * 3)
    judged = report.judge([*records, faster])
    assert judged[0]["partner"] == "jax jit, 2 threads" and judged[0]["met"] is False


def test_judge_without_a_partner_and_by_the_op():
    alone = report.judge([record("fit", fit.ROWS[0], "minigrad", 1, "fit", [1.0])])
    assert alone[0]["ratio"] is None and alone[0]["met"] is None
    for seconds, met in [(2.4e-4, True), (2.6e-4, False)]:  # 2.4 and 2.6 us an op, over 100 ops
        forward = record("overhead", overhead.ROWS[0], "minigrad", 1, "forward", [seconds])
        assert report.judge([forward])[0]["met"] is met


def test_losing_kernel_is_flagged():
    """A NumPy kernel that is slower than the definition, a compiled one slower than NumPy's."""
    seconds = {"definition": 2e-5, "numpy": 1e-5, "numba": 1.1e-5}
    records = [
        record("kernels", kernels.ROWS[0], "minigrad", 1, variant, [value])
        for variant, value in seconds.items()
    ]
    shown = report.table(report.judge(records))
    assert shown.count("LOSES") == 1 and "LOSES TO MINIGRAD NUMPY" in shown
    slow = record("kernels", kernels.ROWS[0], "minigrad", 1, "numpy", [2.1e-5])
    assert "LOSES TO MINIGRAD DEFINITION" in report.table(report.judge([records[0], slow]))


def test_a_busy_core_is_judged_by_the_same_framework_alone():
    seconds = {("minigrad", "alone"): 1.0, ("minigrad", "busy"): 2.3, ("torch", "alone"): 9.0}
    records = [record("busy", busy.ROWS[0], *key[:1], 2, key[1], [v]) for key, v in seconds.items()]
    judged = {(r["framework"], r["variant"]): r for r in report.judge(records)}
    assert judged["minigrad", "busy"]["ratio"] == pytest.approx(2.3)
    assert judged["minigrad", "busy"]["met"] is False
    assert judged["minigrad", "alone"]["target"] is judged["torch", "alone"]["target"] is None


def test_an_estimator_is_judged_by_the_bare_fit():
    row = estimators.ROWS[0]
    seconds = {"bare": 1.0, "estimator": 1.3}
    records = [record("estimators", row, "minigrad", 1, key, [v]) for key, v in seconds.items()]
    bare, estimator = report.judge(records)
    assert estimator["ratio"] == pytest.approx(1.3) and estimator["met"] is False
    assert bare["met"] is None and set(estimators.steps("minigrad", row, "cpu")) == set(seconds)


def test_memory_is_judged_where_it_is_large():
    for theirs, met in [(10, None), (30, True)]:
        megabytes = {"minigrad": 15, "torch": theirs}
        records = [
            record("memory", memory.ROWS[0], framework, 1, "training", [size * 2.0**20])
            for framework, size in megabytes.items()
        ]
        assert report.judge(records)[0]["met"] is met


def test_convolutions_are_judged_one_by_one_and_by_their_mean():
    seconds = [
        ("minigrad", "channels last", [2.0, 0.5]),
        ("torch", "channels first", [1.0, 2.0]),
        ("torch", "channels last", [4.0, 1.0]),
    ]
    records = [
        record("convolutions", convolutions.ROWS[i], framework, 1, variant, [values[i]])
        for framework, variant, values in seconds
        for i in range(2)
    ]
    judged = [r for r in report.judge(records) if r["framework"] == "minigrad"]
    assert [(r["ratio"], r["met"]) for r in judged[:2]] == [(2.0, False), (0.5, True)]
    assert judged[2]["row"] == "geometric mean" and judged[2]["met"]
    assert judged[2]["ratio"] == pytest.approx(1.0)


# ---- limits --------------------------------------------------------------------------------------


SHAPES = (8, 4), (4, 3), (3,)


def counted(step):
    with Counter() as counter:
        step()
    return counter


def test_the_work_of_a_step_is_counted_by_hand():
    """A linear layer on (8, 4): 3 products of 2 * 8 * 4 * 3 flops, the last for x's gradient."""
    x, w, b = (mg.Tensor(np.ones(shape, "float32"), requires_grad=True) for shape in SHAPES)
    flops = 2 * 8 * 4 * 3
    forward = counted(lambda: mg.ops.linear(x, w, b)).total.work
    assert forward.small_flops == flops and forward.large_flops == forward.far_bytes == 0
    assert forward.cached_bytes == 4 * (8 * 4 + 4 * 3 + 3 + 8 * 3)
    for sources, products in [([x, w, b], 3), ([w, b], 2), ([b], 1)]:
        step = lambda: mg.grad(mg.sum(mg.ops.linear(x, w, b)), sources)
        assert counted(step).total.work.small_flops == products * flops


def test_views_cost_nothing_and_copies_their_bytes():
    x = mg.Tensor(np.ones((4, 6), "float32"))
    assert counted(lambda: mg.ops.reshape(x, shape=(6, 4))).total.work == Work()
    assert counted(lambda: x + 1).total.work == Work(cached_bytes=2 * x.data.nbytes)


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_kernels_are_those_of_their_definitions(name):
    """Forward and backward: the definition is made of ops that are counted one by one."""
    steps = kernels.steps("minigrad", f"{name} 32x10", "cpu") if name in kernels.CASES else {}
    if len(steps) < 2:
        pytest.skip("it has no kernel: the definitions below use it")
    flops = {}
    for variant, step in steps.items():
        work = counted(step).total.work
        flops[variant] = work.small_flops + work.large_flops
    for count in flops.values():
        assert count == pytest.approx(flops["definition"], rel=0.1)


def test_the_limit_is_the_slower_of_memory_and_products():
    speeds = Speeds(cached_bytes=100.0, far_bytes=10.0, small_flops=5.0, large_flops=50.0)
    work = Work(cached_bytes=100.0, far_bytes=20.0, small_flops=10.0, large_flops=50.0)
    bound = limit(work, speeds)
    assert (bound["memory"], bound["products"], bound["by"]) == (3.0, 3.0, "products")
    assert limit(work + Work(far_bytes=10.0), speeds)["seconds"] == 4.0
    taken = {"in cache": 1.0, "out of cache": 2.0, "small": 1.0, "large": 2.0}
    assert Speeds.of(taken, threads=2) == Speeds(2**20, 2**26, 4 * 64**3, 1024**3)


def test_large_products_and_arrays_are_told_from_small_ones():
    work = Work()
    work.add_bytes(100)
    work.add_bytes(2**21)
    work.add_products(3, 1000)
    work.add_products(1, 2**23)
    assert work == Work(100, 2**21, 6000, 2**24)


def test_a_row_shows_its_limit_and_its_fastest_partner():
    bound = {"seconds": 2e-4, "by": "memory", "memory": 2e-4, "products": 1e-4}
    ours = record("models", models.ROWS[0], "minigrad", 1, "train_on_batch", [5e-4])
    theirs = record("models", models.ROWS[0], "jax", 1, "jit", [4e-4])
    shown = report.table(report.judge([dict(r, limit=bound) for r in (ours, theirs)]))
    assert "fastest jax jit, 1 thread; limited by memory" in shown
    (line,) = [line for line in shown.splitlines() if "train_on_batch" in line]
    assert line.split()[2:] == [
        "1",
        "500",
        "us",
        "0%",
        "200",
        "us",
        "2.5",
        "1.25",
        "0.8",
        "NOT",
        "MET",
    ]


def test_a_worker_counts_a_row(worker):
    answer = worker.ask(suite="models", row=models.ROWS[0], count=True)
    products = 32 * (64 * 128 * 2 + 128 * 64 * 3 + 64 * 10 * 3)  # no gradient for the data
    assert answer["work"]["small_flops"] + answer["work"]["large_flops"] == 2 * products
    assert "optimizer" in {op["op"] for op in answer["ops"]}
    assert "ms" in report.profile("row", answer["ops"], Speeds(1e9, 1e9, 1e9, 1e9))


def test_what_watching_costs_is_measured_in_pairs():
    ratios = watching.measure("digits MLP", pairs=2, epochs=1)
    assert len(ratios) == 2
    assert all(0.2 < ratio < 5 for ratio in ratios)
