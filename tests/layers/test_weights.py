"""A dtype of a layer's own, and the options of its weights."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, grad, layers, ops
from minigrad.layers import LSTM, Dense, Embedding, MultiHeadAttention

from .helpers import assert_equal


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(
    "make, shape",
    [
        (lambda **o: Dense(3, "relu", **o), (2, 4)),
        (lambda **o: layers.Conv2D(3, 2, **o), (2, 4, 4, 2)),
        (lambda **o: layers.BatchNormalization(**o), (2, 4)),
        (lambda **o: layers.Dropout(0.5, **o), (2, 4)),
        (lambda **o: layers.GaussianNoise(0.5, **o), (2, 4)),
        (lambda **o: LSTM(3, **o), (2, 5, 4)),
        (lambda **o: MultiHeadAttention(2, 3, **o), (2, 5, 4)),
        (lambda **o: layers.TransformerEncoder(5, 2, **o), (2, 5, 4)),
        (lambda **o: layers.Bidirectional(layers.GRU(3), **o), (2, 5, 4)),
        (lambda **o: layers.ReLU(**o), (2, 4)),
    ],
)
def test_parameters_output_and_gradient_are_of_this_dtype(make, shape, dtype, xp):
    for given in ("float32", "float64"):
        layer = make(dtype=dtype)
        x = Tensor(xp.asarray(np.ones(shape, given)), requires_grad=True, dtype=given)
        y = layer(x, training=True)
        assert y.dtype == layer.dtype == dtype == layer.compute_dtype == layer.variable_dtype
        assert all(p.dtype == dtype for p in layer.weights)
        (g,) = grad(ops.sum(y), [x])
        assert g.dtype == given  # of the input as it was
    assert minigrad.floatx() == "float32"


def test_integers_go_in_and_the_layers_around_keep_theirs():
    ids = np.array([[1, 2]])
    layer = Embedding(5, 3, dtype="float64")
    assert layer(ids).dtype == layer.embeddings.dtype == "float64"
    model = Sequential(
        Embedding(5, 3), Dense(4, dtype="float64"), Dense(2, dtype="float32"), layers.Softmax()
    )
    assert model(ids).dtype == "float32"
    assert [p.dtype.name for p in model.weights] == ["float32", *["float64"] * 2, *["float32"] * 2]


def test_built_first_by_shape_in_a_graph_and_copied():
    first = Dense(2, dtype="float64")
    first.build((None, 3))
    model = Sequential(Dense(2, input_shape=(3,), dtype="float64"))
    x = minigrad.Input((3,))
    y = Dense(2, dtype="float64")(x)
    assert y.dtype == "float64"
    for layer in (first, model, minigrad.Model(x, y), copy.deepcopy(first)):
        assert layer.weights[0].dtype == layer(np.ones((1, 3))).dtype == "float64"


def test_a_mask_goes_on_and_states_are_cast():
    x = Tensor(np.ones((2, 3, 4)))
    x.mask = np.array([[True, True, False]] * 2)
    assert_equal(Dense(3, dtype="float64")(x).mask, x.mask)
    state = Tensor(np.ones((2, 3)))
    assert LSTM(3, dtype="float64")(x, initial_state=[state, state]).dtype == "float64"


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "bfloat16", "int8"])
def test_policies_say_the_line(dtype):
    with pytest.raises(ValueError, match=f"Dense: dtype '{dtype}' is none that NumPy.*float32"):
        Dense(3, dtype=dtype)
    with pytest.raises(ValueError, match="dtype must be 'float16', 'float32' or 'float64', not"):
        Dense(3, dtype="int32")


def test_add_weight_takes_a_constraint_and_the_dtype_of_the_layer():
    class Scale(layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight(input_shape[-1:], "ones", constraint="non_neg")

        def call(self, x):
            return x * self.factor

    layer = Scale(dtype="float64")
    layer(np.ones((2, 3)))
    assert layer.factor.dtype == "float64"
    assert isinstance(layer.factor.constraint, minigrad.constraints.NonNeg)


# ---- seeds ---------------------------------------------------------------------------------------

SEEDED = {
    "Dropout": (lambda seed: layers.Dropout(0.5, seed=seed), (4, 6)),
    "SpatialDropout1D": (lambda seed: layers.SpatialDropout1D(0.5, seed=seed), (4, 2, 6)),
    "SpatialDropout2D": (lambda seed: layers.SpatialDropout2D(0.5, seed=seed), (4, 2, 2, 6)),
    "GaussianNoise": (lambda seed: layers.GaussianNoise(0.5, seed=seed), (4, 6)),
    "GaussianDropout": (lambda seed: layers.GaussianDropout(0.5, seed=seed), (4, 6)),
    "LSTM": (lambda seed: LSTM(4, dropout=0.5, recurrent_dropout=0.5, seed=seed), (4, 5, 6)),
    "GRUCell": (lambda seed: layers.RNN(layers.GRUCell(4, dropout=0.5, seed=seed)), (4, 5, 6)),
    "MultiHeadAttention": (
        lambda seed: MultiHeadAttention(2, 3, dropout=0.5, seed=seed),
        (4, 5, 6),
    ),
    "Attention": (lambda seed: layers.Attention(dropout=0.5, seed=seed), (4, 5, 6)),
}


@pytest.mark.parametrize("name", SEEDED)
def test_a_seed_fixes_what_a_layer_draws(name):
    make, shape = SEEDED[name]
    x = np.random.default_rng(0).standard_normal(shape)
    runs = []
    for seed in (3, 3, 4, None):
        minigrad.seed(0)
        layer = make(seed)
        layer(x)
        minigrad.seed(len(runs))  # which a layer with a seed does not draw from
        before = minigrad.random.generator().bit_generator.state
        runs.append([layer(x, training=True).numpy() for _ in range(2)])
        moved = minigrad.random.generator().bit_generator.state != before
        assert moved is (seed is None)
    assert_equal(runs[0], runs[1])
    assert (runs[0][0] != runs[0][1]).any() and (runs[0][0] != runs[2][0]).any()


def test_a_checkpoint_holds_where_the_generators_stand(tmp_path):
    x = np.random.default_rng(0).standard_normal((8, 6))

    def built(seed=3):
        minigrad.seed(0)
        model = Sequential(Dense(4, input_shape=(6,)), layers.Dropout(0.5, seed=seed), Dense(1))
        model.compile("sgd", "mse")
        return model

    straight, stopped, resumed = built(), built(), built()
    losses = [straight.train_on_batch(x, x[:, :1]) for _ in range(4)]
    for _ in range(2):
        stopped.train_on_batch(x, x[:, :1])
    stopped.save(tmp_path / "half.safetensors")
    resumed.load(tmp_path / "half.safetensors")
    assert [resumed.train_on_batch(x, x[:, :1]) for _ in range(2)] == losses[2:]
    with pytest.raises(ValueError, match="dropout: it was saved with a seed, and this layer has"):
        built(None).load(tmp_path / "half.safetensors")


def test_noise_shape(xp):
    x = xp.ones((3, 4, 5))
    y = layers.Dropout(0.5, noise_shape=(None, 1, None), seed=1)(x, training=True).numpy()
    assert (
        (y == y[:, :1]).all() and {*y.ravel()} == {0.0, 2.0} and (y[:, :, 1:] != y[:, :, :1]).any()
    )
    with pytest.raises(ValueError, match=r"noise_shape \(2, 1, 5\) does not broadcast to .*4, 5\)"):
        layers.Dropout(0.5, noise_shape=(2, 1, 5))(x, training=True)


# ---- training parameters of several dtypes -------------------------------------------------------


@pytest.mark.parametrize("name", ["sgd", "adam"])
@pytest.mark.parametrize("options", [{}, {"global_clipnorm": 0.5}, {"weight_decay": 0.1}])
def test_one_optimizer_trains_parameters_of_several_dtypes(name, options, xp):
    kinds = ["float32", "float64", "float16", "float32"]
    draw = np.random.default_rng(0)
    starts = [draw.standard_normal((3, 2)).astype(kind) for kind in kinds]
    together, apart = (
        [minigrad.Parameter(xp.asarray(a), dtype=a.dtype) for a in starts] for _ in range(2)
    )
    kind = type(minigrad.optimizers.get(name))
    one, several = kind(0.1, **options), [kind(0.1, **options) for _ in kinds]
    for _ in range(3):
        gs = [xp.asarray(draw.standard_normal((3, 2)).astype(dtype)) for dtype in kinds]
        one.apply([*gs[:3], None], together)
        if "global_clipnorm" in options:
            continue
        for optimizer, g, p in zip(several[:3], gs, apart):
            optimizer.apply([g], [p])
    for p, q, start in zip(together, apart, starts):
        assert p.dtype == start.dtype
        if "global_clipnorm" not in options:
            assert_equal(p.numpy(), q.numpy())
    assert_equal(together[3].numpy(), starts[3])  # without a gradient
    assert all((p.numpy() != start).any() for p, start in zip(together[:3], starts))


def test_a_model_of_several_dtypes_goes_on_from_a_checkpoint(tmp_path):
    def built():
        minigrad.seed(0)
        model = Sequential(
            Dense(4, "tanh", input_shape=(3,)), Dense(4, dtype="float64"), Dense(1, dtype="float32")
        )
        model.compile("adam", "mse")
        return model

    x = np.random.default_rng(1).standard_normal((8, 3))
    straight, stopped, resumed = built(), built(), built()
    losses = [straight.train_on_batch(x, x[:, :1]) for _ in range(6)]
    assert losses[-1] < losses[0]
    for _ in range(3):
        stopped.train_on_batch(x, x[:, :1])
    stopped.save(tmp_path / "half.safetensors")
    resumed.load(tmp_path / "half.safetensors")
    assert [resumed.train_on_batch(x, x[:, :1]) for _ in range(3)] == losses[3:]


@pytest.mark.parametrize("make", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_parameters_lie_in_the_order_of_their_indices(make, xp):
    """Products round by the layout of their factors: a loaded model would compute other bits."""
    layer = make(3)
    layer(xp.ones((2, 5, 4), "float32"))
    assert all(p.data.flags.c_contiguous for p in layer.weights)
    values = xp.asarray(np.arange(6.0).reshape(2, 3)).T
    p = minigrad.Parameter(values)
    assert p.data.flags.c_contiguous and bool((p.data == values).all())
