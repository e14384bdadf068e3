"""Solutions of lesson 3, from one neuron to a hidden layer, by hand."""

import numpy as np

ROWS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float64")
EQUAL = np.array([[1], [0], [0], [1]], dtype="float64")

# ---- 1. weights that say whether two inputs are equal --------------------------------------------

# h1 = relu(x1 - x2) and h2 = relu(x2 - x1): one of them is 1 where the inputs differ
answer_1 = (
    np.array([[1.0, -1.0], [-1.0, 1.0]]),
    np.array([0.0, 0.0]),
    np.array([[-1.0], [-1.0]]),
    np.array([1.0]),
)


def check_1(answer):
    """The network with these weights gives 1, 0, 0, 1."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 4, "give (W1, b1, w2, b2)"
    arrays = [np.asarray(part, dtype="float64") for part in answer]
    shapes = [part.shape for part in arrays]
    assert shapes == [(2, 2), (2,), (2, 1), (1,)], f"the shapes are {shapes}"
    W1, b1, w2, b2 = arrays
    output = np.maximum(ROWS @ W1 + b1, 0) @ w2 + b2
    said = output[:, 0].round(3).tolist()
    assert np.allclose(output, EQUAL, atol=1e-3), f"the four outputs are {said}, not 1, 0, 0, 1"


wrong_1 = [
    (  # XOR, the lesson's weights
        np.array([[1.0, 1.0], [1.0, 1.0]]),
        np.array([0.0, -1.0]),
        np.array([[1.0], [-2.0]]),
        np.array([0.0]),
    ),
    (  # unit 2 adds where it should subtract
        np.array([[1.0, 1.0], [-1.0, 1.0]]),
        np.array([0.0, 0.0]),
        np.array([[-1.0], [-1.0]]),
        np.array([1.0]),
    ),
    (  # a row of weights per unit, and the weights of the output lying down
        np.array([[1.0, -1.0], [-1.0, 1.0]]),
        np.array([0.0, 0.0]),
        np.array([[-1.0, -1.0]]),
        np.array([1.0]),
    ),
]

# ---- 2. two layers without an activation function are one ----------------------------------------


def answer_2(W1, b1, W2, b2):
    """(x @ W1 + b1) @ W2 + b2 = x @ (W1 @ W2) + (b1 @ W2 + b2)."""
    return W1 @ W2, b1 @ W2 + b2


def check_2(answer):
    """The one layer gives what the two layers give, for several sizes."""
    draw = np.random.default_rng(0)
    for inputs, hidden, outputs in ((2, 2, 1), (3, 4, 2), (5, 5, 5)):
        W1, W2 = draw.normal(size=(inputs, hidden)), draw.normal(size=(hidden, outputs))
        b1, b2 = draw.normal(size=hidden), draw.normal(size=outputs)
        W, b = _without_error(answer, W1, b1, W2, b2)
        assert np.shape(W) == (inputs, outputs), f"W has the shape {np.shape(W)}"
        x = draw.normal(size=(6, inputs))
        same = np.allclose(x @ W + b, (x @ W1 + b1) @ W2 + b2)
        assert same, "one layer and two layers differ: look at how b1 reaches the output"


def _wrong_2_bias(W1, b1, W2, b2):
    return W1 @ W2, b1.sum() + b2


def _wrong_2_forgotten(W1, b1, W2, b2):
    return W1 @ W2, b2


def _wrong_2_order(W1, b1, W2, b2):
    return W2 @ W1, b1 @ W2 + b2


wrong_2 = [_wrong_2_bias, _wrong_2_forgotten, _wrong_2_order]

# ---- 3. the gradients with tanh ------------------------------------------------------------------


def answer_3(x, target, W1, b1, w2, b2):
    """The four gradients of the mean squared loss, by the chain rule."""
    h = np.tanh(x @ W1 + b1)
    y = h @ w2 + b2
    slope_y = 2 * (y - target) / len(x)
    slope_h = slope_y @ w2.T
    slope_z = slope_h * (1 - h**2)
    return [x.T @ slope_z, slope_z.sum(0), h.T @ slope_y, slope_y.sum(0)]


def check_3(answer):
    """Each number of the four gradients agrees with a central difference."""
    draw = np.random.default_rng(1)
    x, target = draw.normal(size=(5, 2)), draw.normal(size=(5, 1))
    shapes = [(2, 3), (3,), (3, 1), (1,)]
    parameters = [draw.normal(size=shape) for shape in shapes]
    found = _without_error(answer, x, target, *parameters)
    assert len(found) == 4, "return four gradients: for W1, b1, w2 and b2"
    for i, name in enumerate(("W1", "b1", "w2", "b2")):
        got = np.shape(found[i])
        assert got == shapes[i], f"the gradient for {name} has the shape {got}, not {shapes[i]}"
        expected = _central_difference(x, target, parameters, i)
        close = np.allclose(found[i], expected, atol=1e-6)
        assert close, f"the gradient for {name} differs from the central difference"


def _central_difference(x, target, parameters, i, h=1e-5):
    """The gradient for parameter i: each number a little up, a little down."""

    def loss(values):
        W1, b1, w2, b2 = [*parameters[:i], values, *parameters[i + 1 :]]
        return ((np.tanh(x @ W1 + b1) @ w2 + b2 - target) ** 2).mean()

    result = np.zeros_like(parameters[i])
    for place in np.ndindex(result.shape):
        change = np.zeros_like(result)
        change[place] = h
        result[place] = (loss(parameters[i] + change) - loss(parameters[i] - change)) / (2 * h)
    return result


def _wrong_3_relu(x, target, W1, b1, w2, b2):
    z = x @ W1 + b1
    h = np.tanh(z)
    slope_y = 2 * (h @ w2 + b2 - target) / len(x)
    slope_z = slope_y @ w2.T * (z > 0)
    return [x.T @ slope_z, slope_z.sum(0), h.T @ slope_y, slope_y.sum(0)]


def _wrong_3_mean(x, target, W1, b1, w2, b2):
    return [len(x) * gradient for gradient in answer_3(x, target, W1, b1, w2, b2)]


def _wrong_3_no_activation(x, target, W1, b1, w2, b2):
    h = np.tanh(x @ W1 + b1)
    slope_y = 2 * (h @ w2 + b2 - target) / len(x)
    slope_h = slope_y @ w2.T
    return [x.T @ slope_h, slope_h.sum(0), h.T @ slope_y, slope_y.sum(0)]


wrong_3 = [_wrong_3_relu, _wrong_3_mean, _wrong_3_no_activation]

# ---- 4. counting parameters ----------------------------------------------------------------------


def answer_4(sizes):
    """Each layer has inputs * units weights, and a bias per unit."""
    total = 0
    for inputs, units in zip(sizes, sizes[1:]):
        total += inputs * units + units
    return total


def check_4(answer):
    """Right for networks with one, two and three layers."""
    for sizes, count in (
        ([2, 4, 1], 17),
        ([3, 1], 4),
        ([64, 32, 10], 2410),
        ([10, 20, 15, 1], 551),
    ):
        got = _without_error(answer, sizes)
        assert got == count, f"for {sizes} it gives {got}, not {count}"


def _wrong_4_weights_only(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:]))


def _wrong_4_bias_of_inputs(sizes):
    return _wrong_4_weights_only(sizes) + sum(sizes)


def _wrong_4_one_bias(sizes):
    return _wrong_4_weights_only(sizes) + len(sizes) - 1


wrong_4 = [_wrong_4_weights_only, _wrong_4_bias_of_inputs, _wrong_4_one_bias]


def _without_error(answer, *arguments):
    """What the answer returns; an error in it is a failed check."""
    assert callable(answer), "the answer must be a function"
    try:
        return answer(*arguments)
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"it fails with {type(error).__name__}: {error}") from error
