"""The targets, all in one place: a figure at or below its target meets it.

Keys are (suite, row, variant); "*" stands for any row or variant.
"""

from __future__ import annotations

STEPS = "loop", "train_step"  # train_on_batch, which also casts and checks the data, has no target

# of PyTorch's time, by what a row trains
LOOPS = {
    "CNN on digits": 0.8,
    "CNN on 28x28": 0.9,
    "LeNet-5 on 8x8": 0.6,
    "small ResNet": 1.2,
    "Inception-v4 reduced": 1.3,
    "AlexNet at 227": 1.4,
}
LOOPS_AND_STEPS = {
    "MLP 64-128-64-10, batch 32": 0.5,
    "MLP 784-128-10, batch 128": 0.8,
    "Transformer block 256, 8 heads, (16, 64)": 1.1,
    "Transformer block 256, 8 heads, dropout, (16, 64)": 1.1,
    "GPT 4 x 128, 4 heads, (16, 128)": 1.1,
    "SimpleRNN on windows of 5, batch 32": 0.7,
    "LSTM on windows of 5, batch 32": 0.7,
    "GRU on windows of 5, batch 32": 0.7,
    "LSTM 128 -> 64, T 200, batch 32": 1.1,
    "LSTM 128 -> 256, T 50, batch 64": 1.0,
    "Embedding 10000x128, LSTM 64, T 200, batch 32": 1.1,
}
GENERATIVE = {
    "GAN on digits, batch 64": 0.5,
    "DCGAN 28x28, batch 64": 1.2,
    "WGAN-GP critic 28x28, batch 64": 1.3,
    "CycleGAN generators 64x64, batch 2": 1.4,
    "DDPM 16x16, batch 64": 1.3,
    "StyleGAN2 32x32, batch 64": 1.4,
}

TARGETS = {
    # microseconds per op
    ("overhead", "100 tanh of 4 floats", "forward"): 2.5,
    ("overhead", "100 tanh of 4 floats", "forward + backward"): 6.0,
    ("overhead", "100 tanh of 4 floats", "recorded"): 14.0,
    # of the definition's time: a kernel above it is flagged
    ("kernels", "*", "kernel"): 1.0,
    # of PyTorch's time
    **{("models", row, "loop"): ratio for row, ratio in LOOPS.items()},
    **{("models", row, step): ratio for row, ratio in LOOPS_AND_STEPS.items() for step in STEPS},
    ("convolutions", "*", "*"): 1.8,
    ("convolutions", "geometric mean", "*"): 1.2,
    **{("generative", row, "step"): ratio for row, ratio in GENERATIVE.items()},
    # of Keras's time
    ("fit", "fit digits MLP, 20 epochs", "*"): 0.5,
    # of PyTorch's increment
    ("memory", "*", "*"): 1.2,
    **{("memory", row, "*"): 1.3 for row in GENERATIVE},
}


def target(suite: str, row: str, variant: str) -> float | None:
    """The target of a figure, or None where none is set."""
    for key in ((suite, row, variant), (suite, row, "*"), (suite, "*", variant), (suite, "*", "*")):
        if key in TARGETS:
            return TARGETS[key]
    return None
