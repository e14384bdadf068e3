"""The adding problem: a task in which memory matters (Hochreiter & Schmidhuber 1997, Neural Computation 9(8), experiment 4).

A sequence of numbers in 0..1, two of them marked, one in each half: their sum is wanted at the end. Who remembers nothing says 1
each time and has an MSE of 1/6 = .167. The gradient of the first mark's step has come through all steps between: in a SimpleRNN
it is multiplied by the recurrent kernel and by tanh' at each of them and fades (Bengio, Simard & Frasconi 1994); in the
cell of an LSTM it is multiplied by the forget gate alone, which can stay open, and so in a GRU by z.

Every step trains on samples never seen before, so the training loss cannot be learned by heart, and gradients are clipped, since
what does not fade may explode.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np

import minigrad
from minigrad import Sequential, layers, plots, plots_sequences
from minigrad.backend import generator
from minigrad.data.tasks import adding_problem
from minigrad.layers import Dense
from minigrad.names import lookup
from minigrad.optimizers import Adam

# ---- the models: at 64 units SimpleRNN 4,353, LSTM 17,217, GRU 13,121 parameters ----------------------------------------

KINDS = {"SimpleRNN": layers.SimpleRNN, "LSTM": layers.LSTM, "GRU": layers.GRU}
BASELINE = 1 / 6                        # the variance of a sum of two uniform numbers


def network(kind: str = "LSTM", units: int = 32, length: int = 100) -> Sequential:
    """(N, T, 2) -> (N, 1): the last state of a recurrent layer, and a line through it."""
    return Sequential([lookup(kind, KINDS, "kind")(units, input_shape=(length, 2)), Dense(1)])


def fresh(n: int, length: int):
    """Samples that nobody has seen."""
    return adding_problem(n, length, seed=int(generator().integers(2**63)))


# ---- training ----------------------------------------------------------------------------------------------------------

REFERENCE = "who always says 1 has an MSE of 1/6; the paper counts a sequence as solved within .04 of the sum"
TARGETS = ["LSTM_mse <= 0.01", "GRU_mse <= 0.01", "SimpleRNN_mse >= 0.1"]


def train(kind: str = "all", length: int = 100, units: int = 64, steps: int = 2000, batch_size: int = 64, learning_rate: float = 0.003,
          clip: float = 1.0, solved: float = 0.002, every: int = 50, seed: int = 0, verbose: int = 1):
    """MSE with Adam, of one kind or of all; one that is below `solved` stops: ({kind: model}, metrics)."""
    found, metrics = {}, {}
    test = adding_problem(1000, length, seed=seed)
    for name in KINDS if kind == "all" else [kind]:
        minigrad.seed(seed)
        model = found[name] = network(name, units, length)
        model.before = plots_sequences.time_gradients_of(model, *test)
        model.compile(optimizer=Adam(learning_rate, global_clipnorm=clip), loss="mse")
        model.curve = [(0, model.evaluate(*test))]
        for step in range(1, steps + 1):
            model.train_on_batch(*fresh(batch_size, length))
            if step % every == 0 or step == steps:
                model.curve.append((step, model.evaluate(*test)))
                if verbose:
                    print(f"{name}: step {step}, test MSE {model.curve[-1][1]:.4f}")
                if model.curve[-1][1] < solved:
                    break
        metrics |= judge(name, model, test)
    return found, metrics


def judge(name: str, model, test) -> dict[str, float]:
    """The test MSE, the share of sums within .04 (the paper's measure), steps taken, and what gradient reaches the first step."""
    x, y = test
    step, mse = model.curve[-1]
    return {f"{name}_mse": mse, f"{name}_within_.04": float((abs(model.predict(x) - y) < 0.04).mean()), f"{name}_steps": step,
            f"{name}_gradient_first_over_last": float(model.before[0] / model.before[-1])}


def pictures(found, out: Path, length: int = 100, seed: int = 0):
    """Test MSE by step beside the baseline; the gradient that reaches each time step, before training and after it."""
    lines = {name: tuple(map(np.array, zip(*model.curve))) for name, model in found.items()}
    last = max(steps[-1] for steps, _ in lines.values())
    plots.curves({**lines, "always 1: .167": (np.array([0, last]), np.array([BASELINE] * 2))}, log=True, xlabel="training step",
                 ylabel="MSE on 1000 test sequences", title=f"Adding two numbers out of {length}", path=out / "mse.png")
    test = adding_problem(1000, length, seed=seed)
    for when, norms in (("before", {name: model.before for name, model in found.items()}),
                        ("after", {name: plots_sequences.time_gradients_of(model, *test) for name, model in found.items()})):
        plots_sequences.time_gradients(norms, title=f"What of the loss reaches each time step, {when} training",
                                       path=out / f"gradients_{when}.png")
