"""The command line: the list of models, flags, errors, and what a run leaves behind."""

from __future__ import annotations

import inspect
import json
import math
import subprocess
import sys
import types
from pathlib import Path

import pytest
from matplotlib import pyplot

import models
from models.common import results, runner
from models.feedforward import mlp, mlp_dropout

ROOT = Path(models.__file__).parent
FREE_TEXT = ("lengths", "checkpoint")  # flags that take any words

# ---- the list ------------------------------------------------------------------------------------


def test_every_file_is_listed_once():
    files = [path.stem for section in models.SECTIONS for path in (ROOT / section).glob("[!_]*.py")]
    assert sorted(models.NAMES) == sorted(set(files) - {"pretrained"})
    assert len(set(models.NAMES)) == len(models.NAMES)


def test_the_list_shows_every_title(capsys):
    assert runner.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in models.NAMES:
        title = models.title(name)
        assert title.endswith(".")
        assert any(line.split()[:1] == [name] and title in line for line in lines)


@pytest.mark.parametrize("name", models.NAMES)
def test_train_is_documented_and_has_defaults(name):
    module = models.load(name)
    parameters = inspect.signature(module.train).parameters
    assert "seed" in parameters
    for parameter in parameters.values():
        assert parameter.default is not inspect.Parameter.empty
        assert f"{parameter.name}: " in module.train.__doc__


def test_unknown_model_is_suggested(capsys):
    assert runner.main(["mpl"]) == 2
    assert "did you mean 'mlp'" in capsys.readouterr().err
    assert runner.main(["--record", "mlp", "fnm"]) == 2
    assert "did you mean 'fnn'" in capsys.readouterr().err


AS_ZOO = f"""
import importlib.util, sys
import minigrad
folder = {str(ROOT)!r}
spec = importlib.util.spec_from_file_location("minigrad.zoo", folder + "/__init__.py")
zoo = sys.modules["minigrad.zoo"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(zoo)
"""  # this folder as the package minigrad.zoo, as an installed minigrad has it


def printed_by(code):
    """What `code` prints in a fresh process."""
    command = [sys.executable, "-c", AS_ZOO + code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_zoo_runs_under_its_installed_name():
    """Nothing imports `models`."""
    code = """
from minigrad.zoo.common import runner
for name in zoo.NAMES:
    zoo.load(name)
assert "models" not in sys.modules
sys.exit(runner.main())
"""
    assert "python -m minigrad.zoo NAME" in printed_by(code)


@pytest.mark.parametrize("way", ["run_path(file", "run_module(module"])
def test_every_file_runs_by_itself(way):
    """As `python models/feedforward/mlp.py` and `python -m models.feedforward.mlp`."""
    code = f"""
import runpy
for name, section in zoo.SECTION_OF.items():
    file, module = f"{{folder}}/{{section}}/{{name}}.py", f"models.{{section}}.{{name}}"
    sys.argv = [file, "--help"]
    try:
        runpy.{way}, run_name="__main__")
    except SystemExit as end:
        assert end.code == 0
    else:
        raise AssertionError(name + " did nothing")
"""
    usages = [line for line in printed_by(code).splitlines() if line.startswith("usage: ")]
    commands = [line.split("[")[0].split()[-1] for line in usages]
    assert commands == models.NAMES


# ---- flags ---------------------------------------------------------------------------------------


def test_flags_are_the_arguments_of_train():
    parser = runner.argument_parser("mlp_dropout", mlp_dropout)
    flags = vars(parser.parse_args([]))
    assert flags.pop("device") == "cpu"
    assert flags.pop("out") == "runs/mlp_dropout"
    assert flags.pop("distributed") is False
    parameters = inspect.signature(mlp_dropout.train).parameters
    assert flags == {name: parameter.default for name, parameter in parameters.items()}


@pytest.mark.parametrize("name", models.NAMES)
def test_flags_of_words_list_their_choices_and_every_flag_says_what_it_is(name, capsys):
    module = models.load(name)
    parser = runner.argument_parser(name, module)
    texts = runner.argument_texts(module.train)
    assert set(texts) == set(inspect.signature(module.train).parameters)
    for action in parser._actions:
        if action.dest in texts:
            assert texts[action.dest] in action.help
            is_word = isinstance(action.default, str) and action.dest not in FREE_TEXT
            assert bool(action.choices) >= is_word, action.dest
    parser.print_help()


def test_a_choice_that_does_not_exist_is_answered_with_all(capsys):
    with pytest.raises(SystemExit):
        runner.main(["lenet", "--recipe", "repared"])
    error = capsys.readouterr().err
    assert all(choice in error for choice in ("repaired", "known", "1998"))


def test_the_list_tells_how_long_a_run_takes(capsys):
    assert set(results.recorded_seconds()) == set(models.NAMES)
    assert runner.main([]) == 0
    listed = capsys.readouterr().out
    seconds = results.recorded_seconds()["alexnet"]
    assert f"{seconds / 60:.0f} min  AlexNet" in listed


@pytest.mark.parametrize(
    "seconds, text", [(0.01, "1 s"), (42.4, "42 s"), (99, "99 s"), (100, "2 min"), (None, "")]
)
def test_durations(seconds, text):
    assert runner.format_duration(seconds) == text


def test_flags_have_the_types_of_the_defaults():
    parser = runner.argument_parser("mlp_dropout", mlp_dropout)
    words = "--data mnist --batch-size 64 --rate 0.5 --seed 3 --device cuda"
    flags = vars(parser.parse_args(words.split()))
    expected = {"data": "mnist", "batch_size": 64, "rate": 0.5, "seed": 3, "device": "cuda"}
    assert {name: flags[name] for name in expected} == expected


@pytest.mark.parametrize("words", ["mlp --epochs many", "mlp --epoch 3", "mlp --depth 3"])
def test_wrong_flags_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stop:
        runner.main(words.split())
    assert stop.value.code == 2
    assert "python -m models mlp" in capsys.readouterr().err


def test_unknown_device_is_an_error_before_training(tmp_path, capsys):
    out = tmp_path / "out"
    assert runner.main(["mlp", "--device", "gpu", "--out", str(out)]) == 2
    assert "unknown device 'gpu'" in capsys.readouterr().err
    assert not out.exists()


def test_true_and_false_become_switches():
    module = types.SimpleNamespace(train=lambda shuffle=True, seed=0: None)
    parse = runner.argument_parser("mlp", module).parse_args
    assert parse([]).shuffle is True
    assert parse(["--no-shuffle"]).shuffle is False


# ---- a run ---------------------------------------------------------------------------------------

RUNS = {
    "mlp": (
        "--epochs 2",
        {"history.png", "predictions.png", "confusion.png", "weights.safetensors"},
    ),
    "fnn": ("--epochs 2", {"history.png", "confusion.png", "weights.safetensors"}),
    "neuron": (
        "--steps 20",
        {"decision.png", "corrections.png", "activations.png", "xor_two_layers.safetensors"},
    ),
    "training_study": (
        "--depth 5 --calm-steps 20",
        {
            "activations.png",
            "losses.png",
            "optimizers_known.png",
            "optimizers_calm.png",
            "schedules.png",
            "gradients.png",
        },
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_run_leaves_report_metrics_weights_and_pictures(name, tmp_path, capsys):
    words, files = RUNS[name]
    out = tmp_path / "out"
    assert runner.main([name, *words.split(), "--seed", "2", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert models.title(name) in printed
    assert ("precision" in printed) == hasattr(models.load(name), "report")
    assert {file.name for file in out.iterdir()} == files | {"metrics.json"}
    record = json.loads((out / "metrics.json").read_text())
    assert record["model"] == name
    assert record["flags"]["seed"] == 2
    assert record["seconds"] > 0
    assert record["metrics"]
    assert all(isinstance(value, (int, float)) for value in record["metrics"].values())
    for file in out.glob("*.png"):
        assert pyplot.imread(file).std() > 0.01


def test_run_of_the_mlp_can_be_repeated_from_its_files(tmp_path, capsys):
    assert runner.main(["mlp", "--epochs", "2", "--seed", "2", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    record = json.loads((tmp_path / "metrics.json").read_text())
    accuracy = record["metrics"]["accuracy"]
    assert "epoch 2/2" in printed
    assert len(record["history"]["loss"]) == 2
    assert f"accuracy: {accuracy:.4g}" in printed
    model = mlp.mlp()
    model.load_weights(tmp_path / "weights.safetensors")
    _, (x, y) = mlp.load()
    assert math.isclose((model.predict(x).argmax(1) == y).mean(), accuracy, rel_tol=1e-6)


# ---- samples of a generative model ---------------------------------------------------------------

WITH_SAMPLES = [name for name in models.NAMES if runner.draws_samples(models.load(name))]
SMALL = ["--steps", "9", "--width", "2", "--batch-size", "16", "--judged", "100", "--verbose", "0"]


@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_what_draws_samples_is_built_with_flags_of_train(name):
    module = models.load(name)
    flags = inspect.signature(module.train).parameters
    built = inspect.signature(module.build).parameters
    assert set(built) <= set(flags) and "samples" not in flags
    for parameter in built.values():
        assert parameter.default == flags[parameter.name].default


def test_samples_before_training_and_from_the_weights_of_a_run(tmp_path, capsys):
    def drawn(out, *flags):
        assert runner.main(["wgan_gp", "--samples", "30", "--out", str(out), *flags]) == 0
        return capsys.readouterr().out

    text = drawn(tmp_path / "new", "--width", "2")
    assert "an untrained wgan_gp draws noise" in text and "wgan_gp --out" in text
    assert runner.main(["wgan_gp", *SMALL, "--out", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    text = drawn(tmp_path / "run")  # the width is that of the run
    assert "noise" not in text
    path = tmp_path / "run" / "30_samples.png"
    assert str(path) in text
    assert path.read_bytes() != (tmp_path / "new" / "30_samples.png").read_bytes()


def test_samples_that_cannot_be_drawn(tmp_path, capsys):
    assert runner.main(["wgan_gp", "--samples", "0", "--out", str(tmp_path)]) == 2
    assert "draw at least 1" in capsys.readouterr().err
    models.load("wgan_gp").build(width=2).save_weights(tmp_path / "weights.safetensors")
    assert runner.main(["wgan_gp", "--samples", "3", "--out", str(tmp_path)]) == 2
    assert "does not fit this model" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        runner.main(["mlp", "--samples", "3"])
