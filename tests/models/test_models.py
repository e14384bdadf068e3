"""The models: their sizes and gradients, that each learns, what they say, and the command line that runs them."""

from __future__ import annotations

import inspect
import json
import math
import types
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
import models
from minigrad import Tensor, check_grads, training
from minigrad.optimizers import schedules
from minigrad.optimizers.sgd import SGD
from models import __main__ as runner
from models.common import results as record
from models.feedforward import fnn, mlp, mlp_dropout, neuron, simple_nn
from models.study import training_study

# ---- sizes ---------------------------------------------------------------------------------------------------------------

BUILDERS = {
    "fnn": (fnn.fnn, [220, 315, 16], 551),
    "mlp": (mlp.mlp, [8320, 8256, 650], 17226),
    "mlp_dropout": (mlp_dropout.mlp_dropout, [100480, 0, 8256, 0, 650], 109386),
    "simple_nn": (simple_nn.simple_nn, [100480, 1290], 101770),
    "two_layers": (neuron.two_layers, [12, 5], 17),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_parameter_counts(name):
    build, layers, total = BUILDERS[name]
    model = build()
    assert [
        layer.count_params() for layer in model.layers
    ] == layers and model.count_params() == total
    assert sum(p.size for p in model.trainable_weights) == total


def test_fnn_summary_prints_the_known_figures(capsys):
    fnn.fnn().summary()
    printed = capsys.readouterr().out
    assert all(figure in printed for figure in ("220", "315", "16", "551"))


@pytest.mark.parametrize(
    "build, spread",
    [
        (fnn.fnn, lambda i, o: math.sqrt(2 / (i + o))),
        (simple_nn.simple_nn, lambda i, o: math.sqrt(2 / i)),
    ],
)
def test_initial_spread(build, spread):
    """Many networks, since one has few weights: the deviation of each kernel is the formula's, and the normal is not cut off."""
    kernels = [[layer.kernel.numpy() for layer in build().layers] for _ in range(20)]
    for drawn in zip(*kernels):
        drawn = np.stack(drawn) / spread(*drawn[0].shape)
        assert abs(drawn.mean()) < 4 / math.sqrt(drawn.size) and abs(
            drawn.std() - 1
        ) < 4 / math.sqrt(2 * drawn.size)
        assert drawn.size < 1000 or abs(drawn).max() > 2.5


# ---- gradients, whole --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILDERS)
def test_gradients_of_the_loss_to_second_order(name, device):
    """The compiled loss, regularizers and dropout included, to every parameter and the input along random directions."""
    build, *_ = BUILDERS[name]
    model = build()
    inputs, outputs = model.layers[0].kernel.shape[0], model.layers[-1].kernel.shape[1]
    model.compile(
        optimizer="sgd",
        loss="binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy",
    )
    rng = np.random.default_rng(1)
    x = minigrad.config.to_device(rng.standard_normal((4, inputs)) / 2)
    labels = minigrad.config.to_device(
        np.array([[0.0], [1], [1], [0]]) if outputs == 1 else np.array([3, 0, 9, 3])
    )

    def loss(x):
        minigrad.seed(3)  # the same dropout mask each time
        y = labels.astype(x.dtype) if outputs == 1 else labels
        with training():
            return model.compute_loss(x, y, model(x))

    check_grads(loss, x, parameters=model.trainable_weights, order=2)


# ---- neuron and perceptron ---------------------------------------------------------------------------------------------


def fixed_neuron(activation, w, b):
    one = neuron.Neuron(3, activation)
    one.w, one.b = Tensor(w, dtype="float64"), Tensor(b, dtype="float64")
    return one


@pytest.mark.parametrize(
    "activation, expected",
    [("linear", 0.3), ("sigmoid", 0.574442516811659), ("relu", 0.3), ("tanh", 0.2913126124515909)],
)
def test_neuron_gives_the_known_figures(activation, expected):
    x = Tensor([0.5, -0.2, 0.8], dtype="float64")
    assert abs(fixed_neuron(activation, [0.1, 0.2, 0.3], 0.05)(x).item() - expected) <= 1e-15
    assert (
        abs(fixed_neuron(activation, [0.1, 0.2, 0.3], 0.05)(x.reshape(1, 3)).numpy()[0] - expected)
        <= 1e-15
    )


def test_neuron_with_drawn_weights():
    draws = 0.1 * np.random.RandomState(0).randn(4)
    out = fixed_neuron("sigmoid", draws[:3], draws[3])(Tensor([0.5, -0.2, 0.8], dtype="float64"))
    assert abs(out.item() - 0.5944971045571908) <= 1e-15


def test_neuron_starts_small_and_has_gradients():
    weights = np.concatenate(
        [[*one.w.numpy(), one.b.item()] for one in (neuron.Neuron(3) for _ in range(500))]
    )
    assert abs(weights.std() - 0.1) < 0.005 and abs(weights.mean()) < 0.01
    one = neuron.Neuron(3, "tanh")
    check_grads(one, np.array([0.5, -0.2, 0.8]), parameters=[one.w, one.b])


@pytest.mark.parametrize("labels", range(16))
def test_perceptron_learns_what_a_line_can_part(labels):
    """Of the sixteen functions of two bits it learns fourteen; for XOR and its opposite the weights go in circles."""
    y = [float(labels >> i & 1) for i in range(4)]
    one = neuron.Perceptron(2)
    corrections, cycle = one.fit(Tensor(neuron.CORNERS), Tensor(y), epochs=200)
    right = (neuron.scores(one)(neuron.CORNERS) == y).all()
    if y in ([0, 1, 1, 0], [1, 0, 0, 1]):
        assert not right and len(corrections) == 200 and min(corrections) > 0 and cycle > 0
    else:
        assert right and corrections[-1] == 0 and cycle == 0


def test_perceptron_cycle_is_a_cycle():
    one = neuron.Perceptron(2)
    x, y = Tensor(neuron.CORNERS), Tensor(neuron.TASKS["xor"])
    _, cycle = one.fit(x, y)
    before = [*one.w.numpy(), *one.b.numpy()]
    one.fit(x, y, epochs=cycle)
    assert [*one.w.numpy(), *one.b.numpy()] == before


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_layers_learn_xor(seed, device):
    found, metrics = neuron.train(seed=seed)
    assert metrics["xor_two_layers_wrong"] == metrics["and_wrong"] == metrics["or_wrong"] == 0
    assert metrics["xor_wrong"] >= 1 and metrics["xor_cycle"] == 1
    assert (
        abs(neuron.scores(found["xor_two_layers"])(neuron.CORNERS) - neuron.TASKS["xor"]).max()
        < 0.2
    )


# ---- each learns -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module, flags, metric, at_least",
    [
        (fnn, {"epochs": 20}, "accuracy", 0.7),
        (mlp, {"epochs": 12}, "accuracy", 0.95),
        (mlp_dropout, {"epochs": 2}, "accuracy", 0.88),
        (simple_nn, {"epochs": 5, "learning_rate": 0.05}, "accuracy", 0.86),
    ],
    ids=["fnn", "mlp", "mlp_dropout", "simple_nn"],
)
def test_learns(module, flags, metric, at_least, device):
    model, metrics = module.train(**flags, seed=1, verbose=0)
    assert metrics[metric] >= at_least and all(math.isfinite(value) for value in metrics.values())
    assert {p.dtype for p in model.weights} == {np.dtype("float32")} and {
        p.device for p in model.weights
    } == {device}
    losses = model.history.history["loss"]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("module", [fnn, mlp, mlp_dropout, simple_nn])
def test_a_seed_repeats_a_training_bit_for_bit(module):
    (one, _), (same, _), (other, _) = (
        module.train(epochs=1, seed=seed, verbose=0) for seed in (5, 5, 6)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one.get_weights(), same.get_weights()))
    assert not np.array_equal(one.get_weights()[0], other.get_weights()[0])


def test_mlp_reaches_scikit_learn():
    """The full training of one seed: the epochs, loss and accuracy of MLPClassifier (78-88, .0021-.0025, .972-.981)."""
    _, metrics = mlp.train(seed=0, verbose=0)
    assert (
        70 <= metrics["epochs"] <= 95
        and 0.0019 < metrics["training_loss"] < 0.0028
        and metrics["accuracy"] >= 0.972
    )


def test_mlp_penalty_is_scikit_learns():
    model = mlp.mlp(alpha=0.5, batch_size=10)
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((10, 64)).astype("float32"), rng.integers(0, 10, 10)
    plain = model.loss(y, model(x)).item()
    squares = sum(float((layer.kernel.numpy() ** 2).sum()) for layer in model.layers)
    assert math.isclose(
        model.compute_loss(x, y, model(x)).item(), plain + 0.5 * 0.5 * squares / 10, rel_tol=1e-5
    )


@pytest.mark.parametrize(
    "losses, stops_after",
    [
        ([1.0] * 20, 12),  # one good epoch, then eleven stalled ones
        (list(np.linspace(1, 0.9, 20)), None),  # steps of .005
        (list(1 - 5e-5 * np.arange(20)), 12),  # always lower, never by enough
        ([1.0] * 10 + [0.5] + [0.5] * 20, 22),
    ],
)  # a fresh start in between
def test_mlp_stops_as_scikit_learn_does(losses, stops_after):
    stop = mlp.StopWhenStalled()
    stop.model = types.SimpleNamespace(stop_training=False)
    stop.on_train_begin({})
    stopped = None
    for epoch, loss in enumerate(losses):
        stop.on_epoch_end(epoch, {"loss": loss})
        if stop.model.stop_training:
            stopped = epoch + 1
            break
    assert stopped == stops_after


@pytest.mark.parametrize(
    "seed, accuracy, loss",
    [(0, 0.913889, 0.455284), (1, 0.913889, 0.461927), (2, 0.927778, 0.447048)],
)
def test_simple_nn_repeats_the_bare_numpy_training(seed, accuracy, loss):
    """Given the weights and the order of rows of the known NumPy network, all 220 steps give its loss and its accuracy."""
    rng = np.random.RandomState(seed)
    (x, y), (x_test, y_test) = simple_nn.load()
    with minigrad.default_dtype("float64"):
        model = simple_nn.simple_nn()
        model.compile(optimizer=SGD(0.01), loss="sparse_categorical_crossentropy")
        w1, w2 = rng.randn(784, 128) * np.sqrt(2 / 784), rng.randn(128, 10) * np.sqrt(2 / 128)
        model.set_weights([w1, np.zeros(128), w2, np.zeros(10)])
        for _ in range(20):
            order = rng.permutation(len(x))
            batches = [order[start : start + 128] for start in range(0, 1408, 128)]
            losses = [
                float(model.train_on_batch(x[rows].astype("float64"), y[rows])) for rows in batches
            ]
        right = model.predict(x_test).argmax(1) == y_test
    assert abs(np.mean(losses) - loss) < 2e-6 and abs(right.mean() - accuracy) < 1e-6


def test_fnn_labels_split_at_the_median_of_the_training_part():
    (x, y), (x_test, y_test) = fnn.data()
    assert (
        x.shape == (353, 10)
        and y.shape == (353, 1)
        and x_test.shape == (89, 10)
        and y_test.shape == (89, 1)
    )
    assert abs(y.mean() - 0.5) < 0.01 and set(np.unique(y_test)) == {0.0, 1.0}


def test_unknown_data_set_is_suggested():
    with pytest.raises(ValueError, match="did you mean 'mnist'"):
        mlp_dropout.train(data="minst", epochs=1)


# ---- training craft ----------------------------------------------------------------------------------------------------

START_VALUE = 12.5
KNOWN = {  # the points after steps 1, 2, 3 and 100, from (-1.5, 2.5), in float64
    "SGD 0.01": [[-2.95, 2.0], [76.2185, 15.405], [-1766320.956558727, 11603.114484500004]],
    "momentum 0.01": [[-2.95, 2.0], [74.9135, 14.955], [-1677043.1434861415, 11220.7694645]],
    "Adam 0.01": [
        [-1.5099999999993103, 2.490000000002],
        [-1.5199170129735533, 2.480083085823784],
        [-1.5296645664599196, 2.4703330032225357],
        [-1.5311560631459527, 2.3517445440906433],
    ],
    "RMSprop 0.01": [
        [-1.5316227766016086, 2.4683772233989485],
        [-1.5459632523751847, 2.453864480689063],
        [-1.5531956290121596, 2.4461320479125868],
        [-1.4451954674206413, 2.1089985767027013],
    ],
    "Adagrad 0.1": [
        [-1.599999999999976, 2.4000000000002],
        [-1.5404083942792075, 2.4539053696423943],
        [-1.5645187709377244, 2.427564162892177],
        [-1.4942439648517516, 2.2390246174403146],
    ],
}


@pytest.mark.parametrize("name", KNOWN)
def test_optimizers_pass_the_known_points(name):
    path = training_study.route(training_study.known_optimizers()[name], 100)
    assert path[0].tolist() == [-1.5, 2.5] and training_study.rosenbrock(*path[0]) == START_VALUE
    assert np.allclose(path[[1, 2, 3, 100][: len(KNOWN[name])]], KNOWN[name], rtol=1e-12, atol=0)
    lost = np.flatnonzero(~np.isfinite(path).all(1))
    assert lost.size == 0 if len(KNOWN[name]) == 4 else lost[0] == 7


def test_calm_optimizers_stay_and_descend():
    for name, optimizer in training_study.calm_optimizers().items():
        path = training_study.route(optimizer, 300)
        assert (
            np.isfinite(path).all() and training_study.rosenbrock(*path[-1]) < 0.5 * START_VALUE
        ), name


def test_schedules_are_the_known_ones():
    rates = {
        name: [rate(epoch) for epoch in (0, 19, 29, 30, 60, 99)]
        for name, rate in training_study.SCHEDULES.items()
    }
    assert rates["constant"] == [1e-3] * 6
    assert np.allclose(rates["step"], [1e-3, 1e-3, 1e-3, 1e-4, 1e-5, 1e-5], rtol=1e-12)
    assert np.allclose(
        rates["exponential"], 1e-3 * np.exp(-0.05 * np.array([0, 19, 29, 30, 60, 99])), rtol=1e-12
    )
    clamped = [training_study.SCHEDULES["cosine"](epoch) for epoch in (0, 50, 99)]
    assert np.allclose(clamped, [1e-3, 1e-5, 1e-5], rtol=1e-9), (
        "the formula as often copied climbs back after epoch 50"
    )
    peaks = [training_study.SCHEDULES["decaying restarts"](epoch) for epoch in (0, 20, 40)]
    assert peaks[0] > peaks[1] > peaks[2]
    assert all(
        isinstance(rule, schedules.LearningRateSchedule)
        for rule in training_study.SCHEDULES.values()
    )


def test_gradients_vanish_explode_and_keep_their_size(device):
    left = {
        name: training_study.gradient_norms(*settings, depth=20)[0]
        for name, settings in training_study.DEPTHS.items()
    }
    assert (
        left["sigmoid, Glorot"] < 1e-9
        and left["relu, Glorot"] < 1e-2
        and left["relu, twice He"] > 1e2
    )
    assert 0.1 < left["relu, He"] < 10 and 0.05 < left["tanh, Glorot"] < 10


def test_loss_curves_are_the_losses_formulas():
    curves = {
        name: f
        for _, _, functions in training_study.loss_curves().values()
        for name, f in functions.items()
    }
    x = np.array([-2.0, 0.3, 1.4])
    expected = {
        "MSE": x**2,
        "MAE": abs(x),
        "Huber (1)": np.where(abs(x) < 1, x**2 / 2, abs(x) - 0.5),
        "cross-entropy": np.log1p(np.exp(-x)),
        "hinge": np.maximum(1 - x, 0),
        "squared error of sigmoid": (1 / (1 + np.exp(x))) ** 2,
        "same kind": x**2,
        "different kind": np.maximum(1 - x, 0) ** 2,
    }
    assert curves.keys() == expected.keys()
    for name, values in expected.items():
        assert np.allclose(curves[name](Tensor(x, dtype="float64")).numpy(), values), name


# ---- the runner --------------------------------------------------------------------------------------------------------


def test_every_file_is_listed_once_and_documented(capsys):
    root = Path(models.__file__).parent
    files = {
        path.stem for section in models.SECTIONS for path in (root / section).glob("[!_]*.py")
    } - {"pretrained", "huggingface"}
    assert sorted(models.NAMES) == sorted(files) and len(set(models.NAMES)) == len(models.NAMES)
    assert runner.main([]) == 0
    printed = capsys.readouterr().out
    for name in models.NAMES:
        assert any(
            line.split()[:1] == [name] and models.title(name) in line
            for line in printed.splitlines()
        )
        module = models.load(name)
        assert models.title(name).endswith(".") and callable(module.train)
        defaults = {
            flag: parameter.default
            for flag, parameter in inspect.signature(module.train).parameters.items()
        }
        assert "seed" in defaults and inspect.Parameter.empty not in defaults.values()


def test_unknown_model_is_suggested(capsys):
    assert runner.main(["mpl"]) == 2
    assert "did you mean 'mlp'" in capsys.readouterr().err
    assert runner.main(["--record", "mlp", "fnm"]) == 2
    assert "did you mean 'fnn'" in capsys.readouterr().err


def test_flags_are_trains_arguments():
    parse = runner.flags_of("mlp_dropout", mlp_dropout).parse_args
    flags = vars(parse([]))
    assert flags.pop("device") == "cpu" and flags.pop("out") == "runs/mlp_dropout"
    assert flags == {
        name: p.default for name, p in inspect.signature(mlp_dropout.train).parameters.items()
    }
    flags = vars(
        parse(
            [
                "--data",
                "mnist",
                "--batch-size",
                "64",
                "--rate",
                "0.5",
                "--seed",
                "3",
                "--device",
                "cuda",
            ]
        )
    )
    assert (flags["data"], flags["batch_size"], flags["rate"], flags["seed"], flags["device"]) == (
        "mnist",
        64,
        0.5,
        3,
        "cuda",
    )


@pytest.mark.parametrize(
    "words", [["mlp", "--epochs", "many"], ["mlp", "--epoch", "3"], ["mlp", "--depth", "3"]]
)
def test_wrong_flags_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stop:
        runner.main(words)
    assert stop.value.code == 2 and "python -m models mlp" in capsys.readouterr().err


def test_unknown_device_is_told_before_training(tmp_path, capsys):
    assert runner.main(["mlp", "--device", "gpu", "--out", str(tmp_path / "out")]) == 2
    assert "unknown device 'gpu'" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_true_and_false_become_switches():
    module = types.SimpleNamespace(train=lambda shuffle=True, seed=0: None)
    parse = runner.flags_of("mlp", module).parse_args
    assert parse([]).shuffle is True and parse(["--no-shuffle"]).shuffle is False


@pytest.mark.parametrize(
    "name, words, files",
    [
        (
            "mlp",
            ["--epochs", "2"],
            {"history.png", "predictions.png", "confusion.png", "weights.safetensors"},
        ),
        ("fnn", ["--epochs", "2"], {"history.png", "confusion.png", "weights.safetensors"}),
        (
            "neuron",
            ["--steps", "20"],
            {"decision.png", "corrections.png", "activations.png", "xor_two_layers.safetensors"},
        ),
        (
            "training_study",
            ["--depth", "5", "--calm-steps", "20"],
            {
                "activations.png",
                "losses.png",
                "optimizers_known.png",
                "optimizers_calm.png",
                "schedules.png",
                "gradients.png",
            },
        ),
    ],
)
def test_run_leaves_report_metrics_weights_and_pictures(name, words, files, tmp_path, capsys):
    assert runner.main([name, *words, "--seed", "2", "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert models.title(name) in printed and ("precision" in printed) == hasattr(
        models.load(name), "report"
    )
    assert {file.name for file in (tmp_path / "out").iterdir()} == files | {"metrics.json"}
    told = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (
        told["model"] == name
        and told["flags"]["seed"] == 2
        and told["seconds"] > 0
        and told["metrics"]
    )
    assert all(isinstance(value, (int, float)) for value in told["metrics"].values())
    assert all(
        pyplot.imread(tmp_path / "out" / file).std() > 0.01
        for file in files
        if file.endswith(".png")
    )
    if name == "mlp":
        assert "epoch 2/2" in printed and len(told["history"]["loss"]) == 2
        assert f"accuracy: {told['metrics']['accuracy']:.4g}" in printed
        model, (_, (x, y)) = mlp.mlp(), mlp.data()
        model.load_weights(tmp_path / "out" / "weights.safetensors")
        assert math.isclose(
            (model.predict(x).argmax(1) == y).mean(), told["metrics"]["accuracy"], rel_tol=1e-6
        )


@pytest.mark.parametrize("module", [mlp_dropout, simple_nn])
def test_pictures_of_the_others(module, tmp_path):
    model, _ = module.train(epochs=1, verbose=0)
    module.pictures(model, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        "history.png",
        "predictions.png",
        "confusion.png",
    }
    assert "precision" in module.report(model)


# ---- results -------------------------------------------------------------------------------------------------------------


def recorded(accuracy, seeds=2, targets=("accuracy >= 0.9",)):
    def train(seed=0, verbose=1):
        assert verbose == 0, "a record shows no bars"
        return None, {"accuracy": accuracy + seed * 0.02, "epochs": 7}

    return types.SimpleNamespace(
        train=train, SEEDS=seeds, TARGETS=list(targets), REFERENCE="others reach .95"
    )


def test_record_writes_updates_and_keeps_sections(tmp_path, capsys):
    results = tmp_path / "RESULTS.md"
    assert record.write({"simple_nn": recorded(0.9), "mlp": recorded(0.9, seeds=1)}, results) == 0
    text = results.read_text()
    assert text.index("## mlp") < text.index("## simple_nn"), (
        "in the order of the papers, whatever was trained first"
    )
    for piece in (
        "| seed | seconds | accuracy | epochs |",
        "| 0.92 | 7 |",
        "**0.91** | **7**",
        "Wanted: accuracy >= 0.9. Reached: 0.91.",
        "Reference: others reach .95.",
        f"NumPy {np.__version__}",
        "| accuracy | 0.9 |",
    ):
        assert piece in text, piece
    kept = record.read(results)["mlp"]
    assert record.write({"simple_nn": recorded(0.5)}, results) == 1, "a missed target is a failure"
    text = results.read_text()
    assert (
        record.read(results)["mlp"] == kept and "**Missed**: 0.51." in text and "0.92" not in text
    )
    assert [file.name for file in tmp_path.iterdir()] == ["RESULTS.md"]


def test_record_of_many_figures_has_a_row_for_each(tmp_path):
    many = types.SimpleNamespace(
        train=lambda seed=0: (None, {f"figure_{i}": i + seed / 4 for i in range(12)}), SEEDS=3
    )
    assert record.write({"mlp": many}, tmp_path / "RESULTS.md") == 0
    lines = (tmp_path / "RESULTS.md").read_text().splitlines()
    assert (
        "| figure | seed 0 | seed 1 | seed 2 | **mean** |" in lines
        and "| figure 7 | 7 | 7.25 | 7.5 | **7.25** |" in lines
    )
    assert sum(line.startswith("| figure ") for line in lines) == 13 and any(
        line.startswith("| seconds |") for line in lines
    )


def test_record_survives_a_training_that_fails(tmp_path):
    results = tmp_path / "RESULTS.md"
    record.write({"mlp": recorded(0.9)}, results)
    before = results.read_text()
    broken = types.SimpleNamespace(train=lambda seed=0: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        record.write({"mlp": broken}, results)
    assert results.read_text() == before


def test_results_hold_every_model_and_no_missed_target():
    sections = record.read(record.RESULTS)
    assert list(sections) == models.NAMES
    assert "Missed" not in "".join(sections.values())
