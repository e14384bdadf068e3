"""`python -m benchmarks`: how fast minigrad is, and how much memory it takes, beside other frameworks in the same run.

Imports nothing, so that a worker can serve a framework from an environment that has no minigrad.
"""

# The bars, all in one place: a figure at or below its bar meets it. Keys are (stage, row, variant), "*" stands for any variant.
BARS = {
    ("overhead", "100 tanh of 4 floats", "forward"): 2.5,  # us an op
    ("overhead", "100 tanh of 4 floats", "forward + backward"): 6.0,
    ("overhead", "100 tanh of 4 floats", "recorded"): 14.0,
    ("kernels", "*", "kernel"): 1.0,  # of its definition: above it, flagged
    (
        "models",
        "MLP 64-128-64-10, batch 32",
        "loop",
    ): 0.5,  # of PyTorch's time; train_on_batch, which also
    (
        "models",
        "MLP 64-128-64-10, batch 32",
        "train_step",
    ): 0.5,  # casts and checks the data, has no bar
    ("models", "MLP 784-128-10, batch 128", "loop"): 0.8,
    ("models", "MLP 784-128-10, batch 128", "train_step"): 0.8,
    ("models", "CNN on digits", "loop"): 0.8,
    ("models", "CNN on 28x28", "loop"): 0.9,
    ("models", "LeNet-5 on 8x8", "loop"): 0.6,
    ("models", "small ResNet", "loop"): 1.2,
    ("models", "Inception-v4 reduced", "loop"): 1.3,
    ("models", "AlexNet at 227", "loop"): 1.4,
    **{
        ("models", row, variant): 1.1
        for variant in ("loop", "train_step")
        for row in (
            "Transformer block 256, 8 heads, (16, 64)",
            "Transformer block 256, 8 heads, dropout, (16, 64)",
            "GPT 4 x 128, 4 heads, (16, 128)",
        )
    },
    **{
        ("models", f"{kind} on windows of 5, batch 32", v): 0.7
        for kind in ("SimpleRNN", "LSTM", "GRU")
        for v in ("loop", "train_step")
    },
    **{
        ("models", row, v): limit
        for v in ("loop", "train_step")
        for row, limit in (
            ("LSTM 128 -> 64, T 200, batch 32", 1.1),
            ("LSTM 128 -> 256, T 50, batch 64", 1.0),
            ("Embedding 10000x128, LSTM 64, T 200, batch 32", 1.1),
        )
    },
    ("convolutions", "*", "*"): 1.8,  # of PyTorch's time,
    ("convolutions", "geometric mean", "*"): 1.2,  # and over all of them
    ("fit", "fit digits MLP, 20 epochs", "*"): 0.5,  # of Keras's time
    ("memory", "*", "*"): 1.2,  # of PyTorch's increment
}


def bar(stage: str, row: str, variant: str) -> float | None:
    """The bar of a figure, or None where none is set."""
    wildcards = ((stage, r, v) for r in (row, "*") for v in (variant, "*"))
    return next((BARS[key] for key in wildcards if key in BARS), None)
