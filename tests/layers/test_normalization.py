"""Normalization: equations, moving statistics, freezing, resuming."""

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, check_grads, grad, no_grad, ops, training
from minigrad.engine.gradcheck import check_definition
from minigrad.kernels import normalization
from minigrad.layers import (
    BatchNormalization,
    Dense,
    Dropout,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
    LocalResponseNormalization,
    RMSNormalization,
    recompute_statistics,
)

from .helpers import assert_close, assert_equal, values

rng = np.random.default_rng(3)

ROWS = rng.standard_normal((5, 4)).astype("float32")


def normalized(x, axes, epsilon=1e-3):
    """(x - mean) / sqrt(variance + epsilon), as NumPy computes it."""
    deviation = np.sqrt(x.var(axes, keepdims=True) + epsilon)
    return (x - x.mean(axes, keepdims=True)) / deviation


# ---- over features -------------------------------------------------------------------------------


AXES = [(-1, -1), (2, -1), ((1, 2), (1, 2)), ((-2, -1), (1, 2))]


@pytest.mark.parametrize("axis, axes", AXES)
def test_layer_normalization(axis, axes, xp):
    x = rng.standard_normal((2, 3, 4)) * 5 + 3
    layer = LayerNormalization(axis)
    layer(xp.asarray(x))
    gamma, beta = (rng.standard_normal(p.shape) for p in layer.weights)
    layer.set_weights([gamma, beta])
    expected = normalized(x, axes) * gamma + beta
    assert_close(layer(xp.asarray(x)), expected, 1e-5, 2e-4)


def test_layer_normalization_without_gamma_and_beta(xp):
    x = rng.standard_normal((2, 3, 4)) * 5 + 3
    layer = LayerNormalization(center=False, scale=False, epsilon=0.1)
    y = layer(xp.asarray(x))
    assert_close(y, normalized(x, -1, epsilon=0.1), 1e-5, 2e-4)


@pytest.mark.parametrize("axis", [0, 1, 3, -4, (0, 2), (1, 3)])
def test_layer_normalization_takes_last_axes_only(axis):
    with pytest.raises(ValueError, match="last axes"):
        LayerNormalization(axis)(np.zeros((2, 3, 4)))


def test_layer_normalization_does_not_broadcast():
    layer = LayerNormalization()
    layer(ROWS)
    with pytest.raises(
        ValueError, match=r"built for last axes \(4,\), got an input of shape \(5, 1\)"
    ):
        layer(ROWS[:, :1])
    with pytest.raises(ValueError, match="not the batch"):
        LayerNormalization()(ROWS[0])


X = (rng.standard_normal((8, 3, 5, 4)) * [1, 2, 3, 4] + [0, 1, -2, 30]).astype("float32")


def built(layer, x=X):
    """The layer after a call in inference, gamma and beta drawn at random."""
    layer(x)
    for p in layer.trainable_weights:
        p.assign(rng.uniform(0.5, 1.5, p.shape))
    return layer


def test_training_uses_the_statistics_of_the_batch(xp):
    layer = built(BatchNormalization(), xp.asarray(X))
    gamma = values(layer.gamma)
    beta = values(layer.beta)
    axes = (0, 1, 2)
    expected = (X - X.mean(axes)) / np.sqrt(X.var(axes) + 1e-3) * gamma + beta
    assert_close(layer(xp.asarray(X), training=True), expected, 1e-4, 1e-4)


def test_inference_uses_the_running_ones(xp):
    layer = built(BatchNormalization(), xp.asarray(X))
    layer.set_weights([rng.uniform(0.5, 1.5, 4) for _ in range(4)])
    gamma, beta, mean, variance = layer.get_weights()
    expected = (X - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    assert_close(layer(xp.asarray(X)), expected, 1e-5, 1e-4)


@pytest.mark.parametrize("momentum", [0.99, 0.5])
def test_running_statistics_after_some_steps(momentum, xp):
    layer = BatchNormalization(momentum=momentum)
    mean = np.zeros(4)
    variance = np.ones(4)
    for _ in range(7):
        x = (rng.standard_normal((6, 4)) * 3 + 1).astype("float32")
        layer(xp.asarray(x), training=True)
        mean = mean * momentum + x.mean(0, dtype="float64") * (1 - momentum)
        variance = variance * momentum + x.var(0, dtype="float64") * (1 - momentum)
    assert_close(layer.moving_mean, mean, 0, 1e-5)
    assert_close(layer.moving_variance, variance, 0, 1e-5)


def test_inference_and_failure_leave_the_statistics_alone(xp):
    layer = built(BatchNormalization(), xp.asarray(X))
    before = layer.get_weights()
    layer(xp.asarray(X))
    with pytest.raises(ValueError, match=r"built for 4 features, got an input of shape \(2, 3\)"):
        layer(xp.zeros((2, 3)), training=True)
    for a, b in zip(before, layer.get_weights(), strict=True):
        assert_equal(a, b)


def test_a_second_pass_through_the_definition_does_not_count_twice(xp):
    layer = built(BatchNormalization(), xp.asarray(X))
    x = Tensor(xp.asarray(X), requires_grad=True)
    y = layer(x, training=True)
    once = values(layer.moving_mean).copy()
    (g,) = grad(ops.sum(y * y * y), [x], create_graph=True)
    grad(ops.sum(g * g), [x])
    assert_equal(layer.moving_mean, once)


def test_a_graph_survives_the_update_of_the_statistics(xp):
    """Training steps neither change a graph of inference nor count as in-place changes of it."""
    layer = built(BatchNormalization(), xp.asarray(X))
    x = Tensor(xp.asarray(X), requires_grad=True)
    expected = values(grad(ops.sum(layer(x)), [x])[0])
    y = layer(x)
    first = layer(x, training=True)
    layer(x, training=True)
    assert_equal(grad(ops.sum(y), [x])[0], expected)
    assert np.isfinite(values(grad(ops.sum(first * first), [x])[0])).all()


@pytest.mark.parametrize("shape", [(5, 4), (3, 2, 3, 4), (2, 3, 4)])
@pytest.mark.parametrize("mode", [True, False])
def test_batch_normalization_to_second_order(shape, mode, xp):
    x = xp.asarray(rng.standard_normal(shape))
    layer = built(BatchNormalization(), x)

    def f(x):
        return layer(x, training=mode)

    before = values(layer.moving_mean).copy()
    check_grads(f, x, order=2, parameters=layer.trainable_weights)
    assert (values(layer.moving_mean) != before).any() == mode


@pytest.mark.parametrize("mean", [0.0, 1e3, -3e4])
def test_statistics_far_from_zero(mean, xp):
    """E[x*x] - E[x]**2 would lose all digits here."""
    x = (rng.standard_normal((64, 8, 8, 3)) + mean).astype("float32")
    layer = BatchNormalization(momentum=0.0)
    y = values(layer(xp.asarray(x), training=True))
    assert_close(layer.moving_mean, x.mean((0, 1, 2), dtype="float64"), 1e-6, 2e-7)
    assert_close(layer.moving_variance, x.astype("float64").var((0, 1, 2)), 0, 1e-5)
    expected = (x - x.mean((0, 1, 2), dtype="float64")) / np.sqrt(
        x.astype("float64").var((0, 1, 2)) + 1e-3
    )
    assert_close(y, expected, 2e-5)


def test_constant_channels_and_single_rows(xp):
    x = xp.ones((4, 3), "float32") * 7
    assert abs(values(BatchNormalization()(x, training=True))).max() == 0
    assert abs(values(BatchNormalization()(x[:1], training=True))).max() == 0


def test_nan_stays_visible(xp):
    x = X.copy()
    x[0, 0, 0, 1] = np.nan
    y = values(BatchNormalization()(xp.asarray(x), training=True))
    assert np.isnan(y[..., 1]).all()
    assert np.isfinite(y[..., 0]).all()


def test_frozen_means_inference():
    layer = built(BatchNormalization())
    layer.trainable = False
    before = values(layer.moving_mean).copy()
    assert_equal(layer(X, training=True), layer(X))
    assert_equal(layer.moving_mean, before)
    layer.trainable = True
    assert (values(layer(X, training=True)) != values(layer(X))).any()


def test_names_and_counts(capsys):
    model = Sequential(Dense(6, input_shape=(4,)), BatchNormalization(), Dense(2))
    names = ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [n for n in model.named_weights() if n.startswith("batch")] == [
        f"batch_normalization/{n}" for n in names
    ]
    model.summary()
    assert "Non-trainable params: 12 " in capsys.readouterr().out
    assert [p.name for p in BatchNormalizationOf(4).non_trainable_weights] == names[2:]
    assert [p.name for p in BatchNormalizationOf(4, center=False, scale=False).weights] == names[2:]


def BatchNormalizationOf(channels, **options):
    layer = BatchNormalization(**options)
    layer.build_from_shape((channels,))
    return layer


def small(seed=1):
    minigrad.seed(seed)
    model = Sequential(Dense(8, "relu", input_shape=(4,)), BatchNormalization(), Dense(2))
    model.compile("adam", "mse")
    return model


def test_training_resumes_bit_for_bit(tmp_path):
    x = rng.standard_normal((48, 4))
    y = rng.standard_normal((48, 2))
    whole = small()
    whole.fit(x, y, epochs=4, verbose=0)
    half = small()
    half.fit(x, y, epochs=2, verbose=0)
    half.save(tmp_path / "half", epoch=2)
    rest = small(5)
    rest.fit(x, y, epochs=rest.load(tmp_path / "half") + 2, initial_epoch=2, verbose=0)
    for (name, a), b in zip(whole.named_weights().items(), rest.weights, strict=True):
        np.testing.assert_array_equal(values(a), values(b), err_msg=name)
    assert values(whole.layers[1].moving_mean).any()


@pytest.mark.parametrize("batch_size", [7, 16, 100])
def test_recomputed_statistics(batch_size, xp, device):
    x = (rng.standard_normal((50, 3)) * 5 + 2).astype("float32")
    frozen = BatchNormalization()
    model = Sequential(BatchNormalization(), Dropout(0.5), Dense(4), BatchNormalization(), frozen)
    model(xp.asarray(x))
    frozen.trainable = False
    with training():
        model(xp.asarray(x))
    recompute_statistics(model, x, batch_size)
    first = model.layers[0]
    later = model.layers[3]
    assert_close(first.moving_mean, x.mean(0), 0, 1e-4)
    assert_close(first.moving_variance, x.var(0), 0, 1e-4)
    # the mean after normalization is 0 but for rounding: the variance, first 1, shows the update
    assert first.moving_mean.device == device
    assert (values(later.moving_variance) != 1).all()
    assert values(frozen.moving_mean).tolist() == [0] * 4
    if batch_size == 100:  # one batch: its input is what it is in inference now
        with no_grad():
            y = values(model.layers[2](model.layers[0](xp.asarray(x))))
        assert_close(later.moving_variance, y.var(0), 0, 1e-3)
    before = values(first.moving_mean).copy()
    model(xp.asarray(x))
    assert_equal(first.moving_mean, before)


def test_recompute_needs_rows():
    with pytest.raises(ValueError, match=r"x of shape \(0, 4\) holds no rows"):
        recompute_statistics(small(), np.zeros((0, 4)))


@pytest.mark.parametrize("groups", [1, 2, 4, -1])
def test_group_normalization(groups, xp):
    layer = built(GroupNormalization(groups), xp.asarray(X))
    n = 4 if groups == -1 else groups
    apart = X.reshape(8, 15, n, 4 // n).astype("float64")
    normal = (apart - apart.mean((1, 3), keepdims=True)) / np.sqrt(
        apart.var((1, 3), keepdims=True) + 1e-3
    )
    expected = normal.reshape(X.shape) * values(layer.gamma) + values(layer.beta)
    assert_close(layer(xp.asarray(X)), expected, 2e-4, 1e-3)


def test_instance_normalization_is_one_group_a_channel(xp):
    assert_equal(InstanceNormalization()(xp.asarray(X)), GroupNormalization(-1)(xp.asarray(X)))
    y = values(InstanceNormalization(epsilon=0.0)(xp.asarray(X)))
    assert_close(y.mean((1, 2)), 0, 1e-4)
    assert_close(y.std((1, 2)), 1, 0, 1e-3)


@pytest.mark.parametrize(
    "kind, options",
    [
        (GroupNormalization, {"groups": 2}),
        (InstanceNormalization, {}),
        (GroupNormalization, {"groups": 2, "center": False}),
        (GroupNormalization, {"groups": 1, "scale": False}),
        (LocalResponseNormalization, {"n": 3, "alpha": 0.2}),
    ],
)
def test_per_sample_normalization_to_second_order(kind, options, xp):
    x = xp.asarray(rng.standard_normal((2, 3, 2, 4)))
    layer = built(kind(**options), x)
    check_grads(layer, x, order=2, parameters=layer.weights)


def test_local_response_normalization_by_the_papers_sum(xp):
    y = values(LocalResponseNormalization()(xp.asarray(X)))
    for i in range(4):
        near = X[..., max(0, i - 2) : i + 3]
        assert_close(y[..., i], X[..., i] / (2 + 1e-4 * (near**2).sum(-1)) ** 0.75, 0, 1e-5)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: GroupNormalization(3)(X), "4 channels .* do not divide into 3 groups"),
        (lambda: GroupNormalization(0), "groups must be a positive integer"),
        (
            lambda: BatchNormalization(axis=4)(X),
            r"axis=4 is no channel axis of an input of shape .*: the last is -1, 0 is the batch",
        ),
        (lambda: BatchNormalization(axis=0)(X), "axis=0 is no channel axis"),
        (lambda: GroupNormalization(2, axis=-4)(X), "axis=-4 is no channel axis"),
        (lambda: GroupNormalization(2, axis=2)(X[:, :, :3]), "3 channels .* do not divide into 2"),
        (lambda: BatchNormalization()(X[0, 0, 0]), "no channel axis"),
        (lambda: LocalResponseNormalization(4), "an odd number, not 4"),
        (lambda: LocalResponseNormalization(k=0), "k must be positive"),
    ],
)
def test_normalization_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("block, row", [(1, 1), (100, 16), (10**6, 10**4)])
def test_blocks_change_nothing(block, row, monkeypatch):
    def everything():
        found = []
        for f in (
            lambda *a: ops.batch_norm(*a, epsilon=1e-3),
            lambda *a: ops.group_norm(*a, groups=2, epsilon=1e-3),
            lambda x, gamma, beta: (
                ops.local_response_norm(x, alpha=0.1) + ops.scale_shift(x, gamma, beta)
            ),
        ):
            leaves = [
                Tensor(a, requires_grad=True, dtype="float64")
                for a in (X, np.arange(1.0, 5), np.arange(4.0))
            ]
            y = f(*leaves)
            found += [y.numpy(), *(g.numpy() for g in grad(ops.sum(ops.sin(y)), leaves))]
        return found

    expected = everything()
    normalization.pixels_per_row.cache_clear()
    monkeypatch.setattr(normalization, "BLOCK_SIZE", block)
    monkeypatch.setattr(normalization, "MERGED_ROW", row)
    got = everything()
    normalization.pixels_per_row.cache_clear()
    for a, b in zip(got, expected, strict=True):
        assert_close(a, b, 1e-10, 1e-9)


SEQUENCES = rng.standard_normal((2, 6, 8)).astype("float32")


def arrays(*shapes, xp=np):
    return [xp.asarray(rng.standard_normal(s)) for s in shapes]


def test_rms_normalization(xp):
    layer = RMSNormalization(epsilon=0.1)
    layer(xp.asarray(SEQUENCES))
    layer.scale.assign(rng.standard_normal(8))
    expected = (
        SEQUENCES / np.sqrt((SEQUENCES**2).mean(-1, keepdims=True) + 0.1) * layer.scale.numpy()
    )
    assert_close(layer(xp.asarray(SEQUENCES)), expected)
    with pytest.raises(
        ValueError, match=r"built for 8 features, got an input of shape \(2, 6, 1\)"
    ):
        layer(xp.asarray(SEQUENCES[..., :1]))
    with pytest.raises(ValueError, match="last axis"):
        RMSNormalization(axis=1)(xp.asarray(SEQUENCES))


def test_layer_norm_over_many_blocks(monkeypatch):
    monkeypatch.setattr(normalization, "BLOCK_SIZE", 40)
    check_definition(ops.layer_norm, *arrays((7, 3, 10), (10,), (10,)), epsilon=1e-3)


@pytest.mark.parametrize("make", [BatchNormalization, lambda axis=-1: GroupNormalization(2, axis)])
@pytest.mark.parametrize("axis", [1, 2, -2, -3, 3])
def test_channels_along_any_axis(make, axis, xp):
    """The same as with the channels last, in training and in inference, values and gradients."""
    x = Tensor(xp.asarray(np.moveaxis(X, -1, axis)), requires_grad=True)
    last = Tensor(xp.asarray(X), requires_grad=True)
    layer, plain = make(axis=axis), make()
    for mode in (True, True, False):
        y, z = layer(x, training=mode), plain(last, training=mode)
        assert_close(y, np.moveaxis(values(z), -1, axis), 1e-5)
        (g,), (h,) = (grad(ops.sum(u * u * u), [v]) for u, v in ((y, x), (z, last)))
        assert_close(g, np.moveaxis(values(h), -1, axis), 1e-4, 1e-5)
    for a, b in zip(layer.weights, plain.weights):
        assert a.shape == (4,)
        assert_close(a, values(b))
    if axis != 3:
        with pytest.raises(ValueError, match="was built for 4 channels in axis"):
            layer(np.concatenate([values(x)] * 2, axis))
