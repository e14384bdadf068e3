"""Solutions of lesson 5, neurons and activation functions."""

import math

import numpy as np

CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]

# ---- 1. the output of one neuron -----------------------------------------------------------------


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def answer_1(x, w, b, name):
    z = b
    for value, weight in zip(x, w):
        z = z + weight * value
    if name == "step":
        return 1.0 if z > 0 else 0.0
    if name == "sigmoid":
        return sigmoid(z)
    if name == "tanh":
        return math.tanh(z)
    return max(z, 0.0)


def check_1(answer):
    cases = [
        ([0.5, -0.2, 0.8], [0.1, 0.2, 0.3], 0.05, 0.3),
        ([1.0, 2.0], [-1.5, 0.25], 0.0, -1.0),
        ([2.0], [1.0], -0.5, 1.5),
    ]
    for x, w, b, z in cases:
        outputs = {
            "step": float(z > 0),
            "sigmoid": sigmoid(z),
            "tanh": math.tanh(z),
            "relu": max(z, 0.0),
        }
        for name, expected in outputs.items():
            got = float(answer(x, w, b, name))
            assert abs(got - expected) < 1e-5, (
                f"x = {x}, w = {w}, b = {b}: the sum is {z:g}, so {name} is {expected:.5f}; "
                f"you have {got:.5f}"
            )


def forgets_the_bias(x, w, b, name):
    return answer_1(x, w, 0.0, name)


def has_no_activation(x, w, b, name):
    return float(np.dot(x, w)) + b


wrong_1 = [forgets_the_bias, has_no_activation]

# ---- 2. weights of NAND --------------------------------------------------------------------------

answer_2 = (-1.0, -1.0, 1.5)


def check_2(answer):
    assert len(answer) == 3, f"give three numbers, w1, w2 and b; you have {len(answer)}"
    w1, w2, b = (float(number) for number in answer)
    for (x1, x2), expected in zip(CORNERS, [1, 1, 1, 0]):
        z = w1 * x1 + w2 * x2 + b
        assert int(z > 0) == expected, (
            f"for ({x1}, {x2}) the sum is {z:g}, so the step says {int(z > 0)}, and NAND is "
            f"{expected}"
        )


wrong_2 = [(1.0, 1.0, -1.5), (-1.0, -1.0, 1.0), (-1.0, -1.0, 2.5)]  # AND; OR negated; always 1

# ---- 3. Rosenblatt's rule ------------------------------------------------------------------------


def answer_3(x, y, epochs):
    w, b = np.zeros(len(x[0])), 0.0
    for _ in range(epochs):
        for row, label in zip(np.asarray(x, float), y):
            f = 1.0 if w @ row + b > 0 else 0.0
            w = w + (label - f) * row
            b = b + (label - f)
    return w, b


def check_3(answer):
    three = [[0, 0, 1], [1, 0, 1], [0, 1, 0], [1, 1, 1]]
    cases = [
        (CORNERS, [0, 0, 0, 1], 1),
        (CORNERS, [0, 0, 0, 1], 6),
        (CORNERS, [0, 1, 1, 0], 3),
        (three, [0, 1, 0, 1], 4),
    ]
    for x, y, epochs in cases:
        w, b = answer(x, y, epochs)
        expected_w, expected_b = answer_3(x, y, epochs)
        got = np.asarray(w, float).ravel(), float(np.asarray(b, float).item())
        assert got[0].shape == expected_w.shape, (
            f"w needs one weight per input, {len(expected_w)}; you have {len(got[0])}"
        )
        assert np.allclose(got[0], expected_w) and math.isclose(got[1], expected_b), (
            f"labels {list(y)}, epochs {epochs}: w = {expected_w.tolist()}, b = {expected_b:g} is "
            f"right; you have w = {got[0].tolist()}, b = {got[1]:g}"
        )


def subtracts(x, y, epochs):
    w, b = np.zeros(len(x[0])), 0.0
    for _ in range(epochs):
        for row, label in zip(np.asarray(x, float), y):
            f = 1.0 if w @ row + b > 0 else 0.0
            w = w - (label - f) * row
            b = b - (label - f)
    return w, b


def keeps_the_bias(x, y, epochs):
    w, b = np.zeros(len(x[0])), 0.0
    for _ in range(epochs):
        for row, label in zip(np.asarray(x, float), y):
            f = 1.0 if w @ row + b > 0 else 0.0
            w = w + (label - f) * row
    return w, b


wrong_3 = [subtracts, keeps_the_bias]

# ---- 4. the slope of swish -----------------------------------------------------------------------


def answer_4(z):
    s = sigmoid(z)
    return s + z * s * (1 - s)


def check_4(answer):
    for z in (-4.0, -1.0, 0.0, 0.3, 2.5):
        h = 1e-5
        measured = ((z + h) * sigmoid(z + h) - (z - h) * sigmoid(z - h)) / (2 * h)
        got = float(answer(z))
        assert abs(got - measured) < 1e-5, (
            f"at z = {z:g} a nudge measures the slope {measured:.5f}; you have {got:.5f}"
        )


def treats_sigmoid_as_constant(z):
    return sigmoid(z)


def multiplies_the_slopes(z):
    return sigmoid(z) * (1 - sigmoid(z))


wrong_4 = [treats_sigmoid_as_constant, multiplies_the_slopes]

# ---- 5. XNOR from steps --------------------------------------------------------------------------

# hidden: "none" and "both"; output: one or the other
answer_5 = ([[-1.0, 1.0], [-1.0, 1.0]], [0.5, -1.5], [1.0, 1.0], -0.5)


def check_5(answer):
    W1, b1, w2, b2 = answer
    W1, b1 = np.asarray(W1, float), np.asarray(b1, float).ravel()
    w2, b2 = np.asarray(w2, float).ravel(), float(np.asarray(b2, float).item())
    assert W1.shape == (2, 2) and b1.shape == (2,) and w2.shape == (2,), (
        f"W1 needs shape (2, 2), b1 (2,) and w2 (2,); you have {W1.shape}, {b1.shape}, {w2.shape}"
    )
    hidden = (np.array(CORNERS) @ W1 + b1 > 0).astype(float)
    output = (hidden @ w2 + b2 > 0).astype(int)
    for corner, h, said, expected in zip(CORNERS, hidden, output, [1, 0, 0, 1]):
        assert said == expected, (
            f"for {tuple(corner)} the hidden neurons say {h.astype(int).tolist()} and the output "
            f"{said}; XNOR is {expected}"
        )


wrong_5 = [
    ([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], [1.0, -2.0], 0.0),  # the XOR of the lesson
    ([[-1.0, 1.0], [-1.0, 1.0]], [0.5, -1.5], [1.0, 1.0], -1.5),  # both at once: never
]
