"""Layers: equations, parameters, building, errors with their path, sharing, freezing, and the registry nothing escapes."""

import copy
import gc
import math

import numpy as np
import pytest

import minigrad
from minigrad import (
    Model,
    Parameter,
    Sequential,
    Tensor,
    backend,
    check_grads,
    config,
    grad,
    layers,
    no_grad,
    ops,
    training,
)
from minigrad.layers import (
    ELU,
    Activation,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    Lambda,
    Layer,
    LayerNormalization,
    LeakyReLU,
    Parallel,
    Permute,
    PReLU,
    ReLU,
    Reshape,
    Residual,
    Softmax,
)

from ..cases import LAYERS

rng = np.random.default_rng(3)
X = rng.standard_normal((5, 4)).astype("float32")


def values(y):
    return backend.to_cpu(y.data)


# ---- the registry --------------------------------------------------------------------------------


def test_no_layer_escapes_the_registry():
    public = {
        name
        for name in dir(layers)
        if isinstance(kind := getattr(layers, name), type) and issubclass(kind, Layer)
    }
    assert public - {"Layer"} <= {name.partition(" ")[0] for name in LAYERS}
    assert public - {"Layer"} <= set(layers.__all__)


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_float32_in_float32_out(name, xp, device, same_dtype):
    layer, parameters, inputs = LAYERS[name]()
    y = layer(*(xp.asarray(x) for x in inputs))
    same_dtype("float32", *parameters, y)
    assert all(p.device == device for p in parameters)
    assert all(part.device == device for part in (y if isinstance(y, list) else [y]))
    if parameters:
        total = (
            sum((ops.sum(ops.square(part)) for part in y), 0)
            if isinstance(y, list)
            else ops.sum(ops.square(y))
        )
        gradients = grad(total, parameters)
        same_dtype("float32", *gradients)
        assert all(
            g.shape == p.shape and float(abs(g).max()) > 0
            for g, p in zip(gradients, parameters, strict=True)
        )


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_repeated_calls_agree_and_survive_copying(name):
    layer, _, inputs = LAYERS[name]()
    twin = copy.deepcopy(layer)
    first, second, copied = (
        [values(part) for part in (y if isinstance(y, list) else [y])]
        for y in (layer(*inputs), layer(*inputs), twin(*inputs))
    )
    for a, b, c in zip(first, second, copied, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
    assert not {id(p) for p in twin.weights} & {id(p) for p in layer.weights}


@pytest.mark.parametrize(
    "layer, shape, out, count",
    [
        (Dense(3), (4,), (3,), 15),
        (Dense(3, use_bias=False), (4,), (3,), 12),
        (Dense(2), (3, 4), (3, 2), 10),
        (Embedding(10, 4), (7,), (7, 4), 40),
        (Embedding(10, 4, input_length=7), (7,), (7, 4), 40),
        (LayerNormalization(), (3, 4), (3, 4), 8),
        (LayerNormalization(axis=(1, 2)), (3, 4), (3, 4), 24),
        (LayerNormalization(center=False), (4,), (4,), 4),
        (LayerNormalization(scale=False), (4,), (4,), 4),
        (PReLU(), (3, 4), (3, 4), 12),
        (PReLU(shared_axes=(1,)), (3, 4), (3, 4), 4),
        (Flatten(), (2, 3, 4), (24,), 0),
        (Flatten(), (), (1,), 0),
        (Reshape((2, -1)), (6,), (2, 3), 0),
        (Permute((2, 1)), (3, 4), (4, 3), 0),
        (Dropout(0.5), (4,), (4,), 0),
        (Softmax(), (4,), (4,), 0),
        (ReLU(), (4,), (4,), 0),
        (LeakyReLU(), (4,), (4,), 0),
        (ELU(), (4,), (4,), 0),
        (Activation("tanh"), (4,), (4,), 0),
        (Lambda(lambda x: x[..., :2]), (4,), (2,), 0),
        (Input((4,)), (4,), (4,), 0),
        (Residual(Dense(4)), (4,), (4,), 20),
        (Residual(Dense(3), Dense(3)), (4,), (3,), 30),
        (Parallel(Dense(2), Dense(3)), (4,), (5,), 25),
        (Parallel([Dense(3), Dense(3)], join="sum"), (4,), (3,), 30),
        (Parallel((Dense(3), Dense(3)), join="sum"), (4,), (3,), 30),
    ],
    ids=repr,
)
def test_shapes_and_counts(layer, shape, out, count):
    assert not layer.built and layer.count_params() == 0
    layer.build_from_shape(shape)
    assert layer.built and layer.output_shape == (None, *out) and layer.count_params() == count
    ids = getattr(layer, "input_dim", None)
    x = np.zeros((2, *shape), int) if ids else np.zeros((2, *shape))
    assert layer(x).shape == (2, *out)


# ---- equations -----------------------------------------------------------------------------------


def test_dense(xp):
    layer = Dense(3, activation="relu", bias_initializer="ones")
    y = layer(xp.asarray(X))
    kernel, bias = layer.get_weights()
    assert (
        layer.kernel.name == "kernel" and layer.bias.name == "bias" and bias.tolist() == [1, 1, 1]
    )
    np.testing.assert_allclose(values(y), np.maximum(X @ kernel + bias, 0), rtol=1e-6)
    limit = math.sqrt(6 / 7)
    assert 0 < abs(kernel).max() <= limit and abs(kernel).max() > limit / 3


@pytest.mark.parametrize(
    "kind, arguments, expected",
    [
        (ReLU, {}, [0, 0, 0, 0.5, 4]),
        (ReLU, {"max_value": 1}, [0, 0, 0, 0.5, 1]),
        (ReLU, {"negative_slope": 0.1}, [-0.3, -0.05, 0, 0.5, 4]),
        (ReLU, {"threshold": 1}, [0, 0, 0, 0, 4]),
        (
            ReLU,
            {"max_value": 2, "negative_slope": 0.5, "threshold": 1},
            [-2, -0.75, -0.5, -0.25, 2],
        ),
        (LeakyReLU, {}, [-0.9, -0.15, 0, 0.5, 4]),
        (LeakyReLU, {"negative_slope": 0.2}, [-0.6, -0.1, 0, 0.5, 4]),
        (LeakyReLU, {"alpha": 0.2}, [-0.6, -0.1, 0, 0.5, 4]),
        (ELU, {}, [math.expm1(-3), math.expm1(-0.5), 0, 0.5, 4]),
        (ELU, {"alpha": 2.0}, [2 * math.expm1(-3), 2 * math.expm1(-0.5), 0, 0.5, 4]),
        (PReLU, {"alpha_initializer": "ones"}, [-3, -0.5, 0, 0.5, 4]),
        (PReLU, {}, [0, 0, 0, 0.5, 4]),
    ],
)
def test_piecewise_activations(kind, arguments, expected, xp):
    layer = kind(**arguments)
    np.testing.assert_allclose(
        values(layer(xp.asarray([[-3, -0.5, 0, 0.5, 4.0]])))[0], expected, rtol=1e-6, atol=1e-7
    )


def test_softmax_over_an_axis(xp):
    x = rng.standard_normal((2, 3, 4))
    for axis in (1, -1):
        y = values(Softmax(axis)(xp.asarray(x)))
        np.testing.assert_allclose(y, np.exp(x) / np.exp(x).sum(axis, keepdims=True), rtol=1e-5)


def test_layer_normalization(xp):
    x = rng.standard_normal((2, 3, 4)) * 5 + 3
    for axis in (-1, 2, (1, 2), (-2, -1)):
        layer, over = LayerNormalization(axis), (-1,) if axis in (-1, 2) else (1, 2)
        layer(xp.asarray(x))
        gamma, beta = (rng.standard_normal(p.shape) for p in layer.weights)
        layer.set_weights([gamma, beta])
        expected = (x - x.mean(over, keepdims=True)) / np.sqrt(
            x.var(over, keepdims=True) + 1e-3
        ) * gamma + beta
        np.testing.assert_allclose(values(layer(xp.asarray(x))), expected, rtol=2e-4, atol=1e-5)
    bare = LayerNormalization(center=False, scale=False, epsilon=0.1)
    expected = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 0.1)
    np.testing.assert_allclose(values(bare(xp.asarray(x))), expected, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 3, -4, (0, 2), (1, 3)])
def test_layer_normalization_takes_last_axes_only(axis):
    with pytest.raises(ValueError, match="last axes"):
        LayerNormalization(axis)(np.zeros((2, 3, 4)))


def test_layer_normalization_does_not_broadcast():
    layer = LayerNormalization()
    layer(X)
    with pytest.raises(
        ValueError, match=r"built for last axes \(4,\), got an input of shape \(5, 1\)"
    ):
        layer(X[:, :1])
    with pytest.raises(ValueError, match="not the batch"):
        LayerNormalization()(X[0])


def test_embedding(xp):
    layer, ids = Embedding(6, 3), [[5, 0, 0], [1, 5, 2]]
    y = layer(xp.asarray(ids))
    (table,) = layer.get_weights()
    np.testing.assert_array_equal(values(y), table[np.asarray(ids)])
    (slope,) = grad(ops.sum(y), [layer.embeddings])
    assert values(slope)[:, 0].tolist() == [2, 1, 1, 0, 0, 2]
    assert layer(xp.asarray(ids, dtype="uint8")).shape == (2, 3, 3)
    assert layer(np.zeros((0, 2), int) if xp is np else xp.zeros((0, 2), int)).shape == (0, 2, 3)


@pytest.mark.parametrize(
    "ids, error, words",
    [
        ([0, 6], IndexError, "ids run from 0 to 6.*input_dim=6 allows 0..5"),
        ([-1, 2], IndexError, "from -1 to 2"),
        ([0.0, 1.0], TypeError, "integer ids, got float32"),
    ],
)
def test_embedding_refuses(ids, error, words, xp):
    layer = Embedding(6, 3)
    with pytest.raises(error, match=f"layer embedding: .*{words}"):
        layer(xp.asarray(ids))
    assert not layer.built


def test_residual_and_parallel_equations(xp):
    a, b, x = Dense(4, "tanh"), Dense(4), xp.asarray(X)
    np.testing.assert_allclose(values(Residual(a)(x)), values(a(x)) + X, rtol=1e-6)
    np.testing.assert_allclose(values(Residual(a, b)(x)), values(a(x)) + values(b(x)), rtol=1e-6)
    np.testing.assert_array_equal(
        values(Parallel(a, b)(x)), np.concatenate([values(a(x)), values(b(x))], -1)
    )
    np.testing.assert_array_equal(
        values(Parallel(a, b, a, join="sum")(x)), values(a(x)) + values(b(x)) + values(a(x))
    )
    first, second = Parallel(a, b, join="list")(x)
    np.testing.assert_array_equal(values(first), values(a(x)))
    np.testing.assert_array_equal(values(second), values(b(x)))


def test_a_list_of_tensors_keeps_its_graph():
    model = Sequential(
        Parallel(Dense(3), Dense(3), join="list"), Lambda(lambda pair: pair[0] * pair[1])
    )
    y = model(X)
    slopes = grad(ops.sum(y), model.weights)
    assert y.shape == (5, 3) and len(slopes) == 4 and all(float(abs(g).max()) > 0 for g in slopes)

    class Mix(Layer):
        def build(self, input_shape):
            self.shapes = input_shape
            self.share = self.add_weight((), "ones")

        def call(self, pair):
            return pair[0] * self.share + pair[1]

    mix = Mix()
    mix([Tensor(X), Tensor(X)])
    assert mix.shapes == [(5, 4), (5, 4)] and mix.share.name == "share"


# ---- dropout -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_statistics(rate, xp):
    layer, x = Dropout(rate), xp.ones((200, 200), dtype="float32")
    with training():
        y = values(layer(x))
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)
    assert abs((y == 0).mean() - rate) < 4 * math.sqrt(rate * (1 - rate) / y.size)
    assert np.corrcoef(y[:, 0], y[:, 1])[0, 1] < 0.5


def test_dropout_follows_seed_and_mode(xp):
    layer, x = Dropout(0.5), xp.ones((4, 30))

    def drawn(**options):
        return values(layer(x, **options))

    np.testing.assert_array_equal(drawn(), np.ones((4, 30)))  # inference
    minigrad.seed(4)
    first = drawn(training=True)
    minigrad.seed(4)
    with training():
        np.testing.assert_array_equal(drawn(), first)
        assert (drawn() != first).any()  # a new mask each call
        np.testing.assert_array_equal(drawn(training=False), np.ones((4, 30)))
        with training(False):
            np.testing.assert_array_equal(drawn(), np.ones((4, 30)))
        assert layers.is_training()
    assert not layers.is_training()
    np.testing.assert_array_equal(values(Dropout(0.0)(x, training=True)), np.ones((4, 30)))


def test_dropout_masks_are_the_same_on_every_device(xp):
    minigrad.seed(1)
    y = values(Dropout(0.3)(xp.ones((3, 5)), training=True))
    minigrad.seed(1)
    np.testing.assert_array_equal(y, values(Dropout(0.3)(np.ones((3, 5)), training=True)))


def test_dropout_gradient():
    layer, x = Dropout(0.5), Tensor(np.ones((3, 4)), requires_grad=True)
    y = layer(x, training=True)
    np.testing.assert_array_equal(values(grad(ops.sum(y), [x])[0]), values(y))


def test_training_keyword_reaches_inner_layers_and_ends():
    model = Sequential(Dense(50), Dropout(0.5))
    assert (values(model(X, training=True)) == 0).any() and not (values(model(X)) == 0).any()
    with pytest.raises(ZeroDivisionError), training():
        raise ZeroDivisionError
    assert not layers.is_training()


@pytest.mark.parametrize("rate", [1, 1.5, -0.1])
def test_dropout_rate(rate):
    with pytest.raises(ValueError, match="rate must be in"):
        Dropout(rate)


# ---- inputs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
def test_integer_inputs_are_cast(dtype, xp, same_dtype):
    x = xp.asarray(np.array([[0, 1, 1, 0]]).astype(dtype))
    layer = Dense(3)
    y = layer(x)
    same_dtype("float32", y)
    np.testing.assert_allclose(values(y), values(layer(x.astype("float32"))))
    same_dtype(
        "float32",
        Sequential(Flatten(), Dense(2))(x),
        Sequential(Reshape((2, 2)), Dense(2))(x),
        Sequential(Residual(Dense(4)))(x),
        Sequential(Parallel(Dense(4)))(x),
    )


def test_lists_arrays_and_tensors_are_inputs():
    layer = Dense(2)
    a, b, c = layer(X), layer(X.tolist()), layer(Tensor(X))
    np.testing.assert_allclose(values(a), values(b), rtol=1e-6)
    np.testing.assert_array_equal(values(a), values(c))
    with minigrad.default_dtype("float64"):
        assert Dense(2)(X).dtype == np.float64


def test_an_empty_batch():
    assert Dense(3)(np.zeros((0, 4))).shape == (0, 3)


# ---- errors --------------------------------------------------------------------------------------


def test_errors_carry_the_path():
    model = Sequential([Dense(8, input_shape=(4,)), Dense(3)])
    with pytest.raises(
        ValueError,
        match=r"^layer sequential/dense: Dense was built for 4 features, got .* shape \(2, 5\)",
    ):
        model(np.zeros((2, 5)))
    outer = Sequential([Residual(Sequential(Dense(4), Dense(3)), name="block")], name="net")
    with pytest.raises(
        ValueError,
        match=r"^layer net/block: the branch returns shape \(2, 3\), the shortcut \(2, 4\)",
    ):
        outer(np.zeros((2, 4)))
    outer = Sequential([Residual(Sequential(Dense(4), Reshape((3,))), name="block")], name="net")
    with pytest.raises(
        ValueError, match=r"^layer net/block/sequential/reshape: reshape\(float32\[2, 4\]\)"
    ):
        outer(np.zeros((2, 4)))


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: Dense(0), ValueError, "units must be a positive integer"),
        (lambda: Dense(2.5), ValueError, "units"),
        (
            lambda: Dense(3)(np.zeros(4)),
            ValueError,
            r"layer dense: Dense expects .* \(batch, ..., features\).*x\[None, :\]",
        ),
        (lambda: Dense(3, kernel_initializer="glorot"), ValueError, "initializer"),
        (lambda: Dense(3, kernel_regularizer="l3"), ValueError, "regularizer"),
        (lambda: Parallel(Dense(3), join="stack"), ValueError, "join must be"),
        (lambda: Parallel(), ValueError, "at least one branch"),
        (lambda: Parallel(Dense(3), ops.tanh), TypeError, "wrap a function in Lambda"),
        (lambda: Residual(abs), TypeError, "wrap a function in Lambda"),
        (lambda: Residual(Dense(3), "relu"), TypeError, "Residual expects layers"),
        (
            lambda: Parallel(Dense(3), Dense(1), join="sum")(X),
            ValueError,
            r"layer parallel: .*\(5, 3\), \(5, 1\): they must",
        ),
        (
            lambda: Parallel(Dense(3, name="a"), Dense(3, name="a")),
            ValueError,
            "two layers are called 'a'",
        ),
        (lambda: Reshape((3,))(X), ValueError, r"layer reshape: reshape.*\[5, 4\]"),
        (lambda: Permute((1, 3))(X), ValueError, "layer permute"),
        (lambda: Layer()(X), TypeError, "layer layer: Layer needs a method call"),
        (lambda: Dense(3)("text"), TypeError, "expected numbers"),
        (lambda: Dense(3, colour="red"), TypeError, "colour"),
    ],
)
def test_errors(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_units_may_be_any_integer():
    assert Dense(np.int64(3))(X).shape == (5, 3)


def test_an_error_is_not_kept_alive_by_the_layer():
    layer = Dense(3)
    layer(X)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^layer dense: Dense was built"):
            layer(X[:, :2])
    np.testing.assert_array_equal(values(layer(X)), X @ layer.get_weights()[0])


def test_a_failed_first_call_leaves_layers_fresh():
    inner, outer = Dense(4), Dense(3)
    model = Sequential(
        inner,
        Lambda(lambda x: x[:, :6] if x.shape[0] > 1 else x.reshape(99)),
        Residual(Sequential(outer)),
    )
    before = [dict(vars(layer)) for layer in (model, inner, outer)]
    for _ in range(2):
        with pytest.raises(ValueError, match="reshape"):
            model(np.zeros((1, 7)))
        assert [dict(vars(layer)) for layer in (model, inner, outer)] == before
        assert not model.weights and not inner.built and not model.built
    with pytest.raises(ValueError, match="the branch returns"):
        model(X)
    assert not inner.built and not outer.built and not model.weights

    class Clumsy(Layer):
        def build(self, input_shape):
            self.first = self.add_weight((2,))
            self.second = self.add_weight((2,), "glorot_unifrom")

    clumsy = Clumsy()
    with pytest.raises(ValueError, match="layer clumsy: .*did you mean"):
        clumsy(X)
    assert not clumsy.weights and not clumsy.built


def test_a_built_layer_stays_built_when_a_new_model_around_it_fails():
    trunk = Dense(4)
    trunk(X)
    kept = trunk.get_weights()
    with pytest.raises(ValueError, match="reshape"):
        Sequential(trunk, Dense(2), Reshape((3,)))(X)
    assert trunk.built and np.array_equal(trunk.get_weights()[0], kept[0])


# ---- what a layer is made of ---------------------------------------------------------------------


class Block(Layer):
    """Attributes of every kind: a parameter, layers, a list, a dict, a tuple inside a list, one layer twice."""

    def __init__(self):
        super().__init__()
        shared = Dense(2)
        self.scale = Parameter(np.ones(2))
        self.dense = shared
        self.several = [Dense(2), (Dense(2), shared)]
        self.named = {"left": Dense(2), "right": [Parameter(np.zeros(3))]}
        self.state = Parameter(np.zeros(2), trainable=False)
        self._hidden = Dense(2)
        self.again = self.scale

    def call(self, x):
        for layer in (self.dense, self.several[0], *self.several[1], self.named["left"]):
            x = layer(x)
        return x * self.scale + self.state


def test_walking_in_order_each_once():
    block = Block()
    block(np.zeros((1, 2)))
    names = list(block.named_weights())
    assert names == [
        "scale",
        "named_right_0",
        "state",
        "dense/kernel",
        "dense/bias",
        "several_0/kernel",
        "several_0/bias",
        "several_1_0/kernel",
        "several_1_0/bias",
        "named_left/kernel",
        "named_left/bias",
    ]
    assert [path for path, _ in block.named_layers()] == [
        "",
        "dense",
        "several_0",
        "several_1_0",
        "named_left",
    ]
    assert block.count_params() == 2 + 3 + 2 + 4 * 6
    assert [id(p) for p in block.weights] == [id(p) for p in block.named_weights().values()]
    assert len(block.trainable_weights) == 10 and [p.name for p in block.non_trainable_weights] == [
        "state"
    ]


def test_names_never_clash():
    class Twins(Model):
        def __init__(self):
            super().__init__()
            self.blocks = [Dense(2, name="same"), Dense(2, name="same")]
            self.same = Dense(2)

        def call(self, x):
            return self.same(self.blocks[1](self.blocks[0](x)))

    model = Twins()
    model(np.zeros((1, 2)))
    assert model.count_params() == 18 == sum(p.size for p in model.named_weights().values())
    assert [path for path, _ in model.named_layers()] == ["", "same", "same_1", "same_2"]
    a, b, c, d = (Sequential(Dense(2, input_shape=(2,))) for _ in range(4))
    Sequential(a, b), Sequential(c, d)  # a and c are called alike now
    both = Sequential(a, c)
    assert len(both.named_weights()) == 4 and both.count_params() == 12


def test_shared_layers_count_once(xp):
    shared = Dense(4, use_bias=False)
    model = Sequential(shared, ReLU(), shared)
    y = model(xp.asarray(X))
    kernel = shared.get_weights()[0]
    assert model.count_params() == 16 and list(model.named_weights()) == ["dense/kernel"]
    np.testing.assert_allclose(values(y), np.maximum(X @ kernel, 0) @ kernel, rtol=1e-4, atol=1e-6)
    check_grads(model, xp.asarray(np.abs(X) + 0.5), parameters=model.weights)


def test_naming():
    model = Sequential(
        Dense(2),
        ReLU(),
        Dense(2, name="dense_1"),
        Dense(2),
        LayerNormalization(),
        LeakyReLU(),
        Dense(2, name="out"),
    )
    assert [layer.name for layer in model.layers] == [
        "dense",
        "re_lu",
        "dense_1",
        "dense_2",
        "layer_normalization",
        "leaky_re_lu",
        "out",
    ]
    with pytest.raises(ValueError, match="two layers are called 'out'"):
        model.add(Dense(2, name="out"))
    assert len(model) == 7


def test_weights_of_parameters_set_in_init_are_named():
    class Scale(Layer):
        def __init__(self):
            super().__init__()
            self.factor = Parameter(np.ones(()))

        def call(self, x):
            return x * self.factor

    layer = Scale()
    layer(X)
    assert layer.factor.name == "factor" and layer.factor.trainable and layer.factor.shape == ()


def test_get_and_set_weights(device):
    layer, other = Dense(3), Dense(3)
    layer.build_from_shape((4,)), other.build_from_shape((4,))
    got = layer.get_weights()
    assert all(type(a) is np.ndarray for a in got)
    got[0][:] = 7  # a copy
    assert not (values(layer.kernel) == 7).any()
    kept = layer.kernel._array
    other.set_weights(layer.get_weights())
    np.testing.assert_array_equal(values(other.kernel), values(layer.kernel))
    layer.set_weights([np.ones((4, 3)).tolist(), np.zeros(3)])
    assert (
        (values(layer.kernel) == 1).all()
        and layer.kernel._array is kept
        and layer.kernel.dtype == np.float32
    )
    for wrong in (
        [np.zeros((4, 3))],
        [np.zeros((3, 4)), np.ones(3)],
        [np.zeros((4, 3)), np.zeros((1, 3))],
    ):
        with pytest.raises(ValueError, match=r"expects arrays of shapes \[\(4, 3\), \(3,\)\], got"):
            layer.set_weights(wrong)
        assert (values(layer.kernel) == 1).all()


def test_freezing():
    model = Sequential(Dense(4), Sequential(Dense(3), Dense(2)), Dense(1))
    model(X)
    model.layers[1].trainable = False
    assert [p.shape for p in model.trainable_weights] == [(4, 4), (4,), (2, 1), (1,)]
    assert len(model.non_trainable_weights) == 4 and not model.layers[1].layers[0].trainable
    assert len(model.weights) == 8
    model.trainable = False
    assert model.trainable_weights == [] and model.layers[0].trainable_weights == []
    model.trainable = True
    assert len(model.trainable_weights) == 8
    frozen = Dense(3, trainable=False)
    frozen(X)
    assert frozen.trainable_weights == [] and len(frozen.non_trainable_weights) == 2
    shared = Dense(4)  # one parameter, frozen in one place
    both = Sequential(shared, Sequential(shared))
    both(X)
    both.layers[1].trainable = False
    assert both.trainable_weights == []


def test_moving_to_a_device():
    model = Sequential(Dense(3), LayerNormalization())
    expected = values(model(X))
    ops.sum(ops.square(model(X))).backward()
    slope = model.weights[0].grad
    assert model.to("strict") is model
    assert {p.device for p in model.weights} == {"strict"} and backend.device_name(
        model.weights[0].grad
    ) == "strict"
    np.testing.assert_array_equal(backend.to_cpu(model.weights[0].grad), slope)
    with minigrad.device("strict"):
        np.testing.assert_allclose(values(model(config.to_device(X))), expected, rtol=1e-6)
        with pytest.raises(TypeError, match="layer sequential/dense: .*strict"):
            model(X)  # nothing moves by itself
    model.to("cpu")
    np.testing.assert_allclose(values(model(X)), expected, rtol=1e-6)


def test_parameters_are_born_equal_on_every_device(device):
    minigrad.seed(11)
    layer = Dense(3)
    layer.build_from_shape((4,))
    minigrad.seed(11)
    with minigrad.device("cpu"):
        twin = Dense(3)
        twin.build_from_shape((4,))
    np.testing.assert_array_equal(layer.get_weights()[0], twin.get_weights()[0])


def test_building_draws_nothing_and_records_nothing():
    model = Sequential(Dropout(0.5, input_shape=(4,)), Dense(3))
    assert model.built and model.weights[0].grad is None
    with no_grad():
        assert not model(X).requires_grad
    assert model(X).requires_grad and not model(X).detach().requires_grad


def test_input_shapes():
    assert Dense(3, input_dim=4).input_shape == Dense(3, input_shape=(4,)).input_shape == (4,)
    assert Input((4,)).input_shape == Input(shape=(4,)).input_shape == (4,)
    assert Flatten(input_shape=(28, 28)).input_shape == (28, 28)
    assert Embedding(5, 2, input_length=7).input_shape == (7,)
    assert Dense(3).input_shape is None


def test_repr():
    layer = Dense(3, name="first")
    assert repr(layer) == "<Dense first, not built>"
    layer(X)
    assert repr(layer) == "<Dense first>"


def test_a_layer_leaves_no_cycles():
    model = Sequential(Dense(4, "relu"), Residual(Dense(4)), LayerNormalization())
    ops.sum(model(X)).backward()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(20):
            ops.sum(model(X)).backward()
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()
