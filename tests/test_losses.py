"""Losses against plain formulas and known figures; the fused mean against the loss per sample."""

import inspect
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import minigrad
from minigrad import Tensor, check_grads, grad, losses, ops
from minigrad.backend import to_cpu
from minigrad.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Huber,
    Loss,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)

rng = np.random.default_rng(5)
N, C = 6, 4
LABELS = rng.integers(0, C, N)
ONE_HOT = np.eye(C)[LABELS]
SIGNS = rng.choice([-1.0, 1.0], (N, C))
REAL = rng.standard_normal((N, C))
PREDICTED = rng.standard_normal((N, C)) + 3 * np.sign(rng.standard_normal((N, C)))
PROBABLE = rng.uniform(0.05, 0.95, (N, C))
SHARES = PROBABLE / PROBABLE.sum(-1, keepdims=True)
TARGETS = rng.dirichlet(np.ones(C), N)
EPS = 1e-7


def huber_np(t, p, delta=1.0):
    d = abs(p - t)
    return np.where(d <= delta, d**2 / 2, delta * d - delta**2 / 2).mean(-1)


def bce_np(t, p, label_smoothing=0.0):
    t = t * (1 - label_smoothing) + label_smoothing / 2
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1)


def cce_np(t, p, label_smoothing=0.0):
    t = t * (1 - label_smoothing) + label_smoothing / t.shape[-1]
    return -(t * np.log(p / p.sum(-1, keepdims=True))).sum(-1)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


# name -> (targets, predictions, the loss of each sample in NumPy, options)
CASES = {
    "mean_squared_error": (REAL, PREDICTED, lambda t, p: ((t - p) ** 2).mean(-1), {}),
    "mean_absolute_error": (REAL, PREDICTED, lambda t, p: abs(t - p).mean(-1), {}),
    "huber": (REAL, PREDICTED, huber_np, {"delta": 2.5}),
    "log_cosh": (REAL, PREDICTED, lambda t, p: np.log(np.cosh(p - t)).mean(-1), {}),
    "poisson": (abs(REAL), PROBABLE, lambda t, p: (p - t * np.log(p)).mean(-1), {}),
    "cosine_similarity": (REAL, PREDICTED, lambda t, p: -(unit(t) * unit(p)).sum(-1), {}),
    "binary_crossentropy": (ONE_HOT, PROBABLE, bce_np, {"label_smoothing": 0.2}),
    "categorical_crossentropy": (TARGETS, PROBABLE, cce_np, {"label_smoothing": 0.2}),
    "sparse_categorical_crossentropy": (
        LABELS,
        SHARES,
        lambda t, p: -np.log(p[np.arange(N), t]),
        {},
    ),
    "kl_divergence": (TARGETS, SHARES, lambda t, p: (t * np.log(t / p)).sum(-1), {}),
    "hinge": (SIGNS, PREDICTED, lambda t, p: np.maximum(1 - t * p, 0).mean(-1), {}),
    "squared_hinge": (SIGNS, PREDICTED, lambda t, p: (np.maximum(1 - t * p, 0) ** 2).mean(-1), {}),
    "categorical_hinge": (
        ONE_HOT,
        PREDICTED,
        lambda t, p: np.maximum(1 + ((1 - t) * p).max(-1) - (t * p).sum(-1), 0),
        {},
    ),
    "contrastive": (
        ONE_HOT,
        abs(PREDICTED),
        lambda t, p, margin=1.0: t * p**2 + (1 - t) * np.maximum(margin - p, 0) ** 2,
        {"margin": 3.3},
    ),
}
NAMES = sorted(CASES)


def on(xp, a, dtype="float64"):
    return xp.asarray(a.astype(dtype) if a.dtype.kind == "f" else a)


def loss_class(name):
    return next(kind for key, kind in losses.NAMES.items() if key == name)


def test_no_loss_escapes_the_table():
    assert {losses.NAMES[name] for name in CASES} == set(losses.NAMES.values())
    public = {
        kind
        for kind in vars(losses).values()
        if isinstance(kind, type)
        and issubclass(kind, Loss)
        and kind is not Loss
        and not kind.__name__.startswith("_")
    }
    assert public == set(losses.NAMES.values())
    assert all(kind.__doc__ for kind in public)


@pytest.mark.parametrize("name", NAMES)
def test_each_sample_and_their_mean(name, xp, same_dtype):
    t, p, expected, options = CASES[name]
    function = getattr(losses, name)
    kind = loss_class(name)
    for settings in ({}, options):
        wanted = expected(t, p, **settings)
        each = function(on(xp, t), Tensor(on(xp, p), dtype="float64"), **settings)
        assert each.shape == wanted.shape
        assert_allclose(to_cpu(each.data), wanted, rtol=3e-6, atol=1e-9)
        mean = kind(**settings)(on(xp, t), Tensor(on(xp, p), dtype="float64"))
        assert mean.shape == ()
        assert mean.item() == pytest.approx(wanted.mean(), rel=3e-6)
        small = kind(**settings)(on(xp, t, "float32"), Tensor(on(xp, p)))
        same_dtype("float32", small, function(on(xp, t), on(xp, p), **settings))
        assert small.item() == pytest.approx(wanted.mean(), rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_to_second_order(name, xp):
    t, p, _, options = CASES[name]
    for settings in ({}, options):
        check_grads(
            lambda p, settings=settings: getattr(losses, name)(on(xp, t), p, **settings),
            on(xp, p),
            order=2,
        )
        check_grads(
            lambda p, settings=settings: loss_class(name)(**settings)(on(xp, t), p),
            on(xp, p),
            order=2,
        )


@pytest.mark.parametrize("name", NAMES)
def test_weights_and_reductions(name, xp, same_dtype):
    t, p, expected, _ = CASES[name]
    kind, wanted, t, p = loss_class(name), expected(t, p), on(xp, t), Tensor(on(xp, p))
    w = rng.uniform(0, 2, N)
    broad = w.reshape(w.shape + (1,) * (wanted.ndim - 1))
    weighted = kind()(t, p, sample_weight=xp.asarray(w))
    same_dtype("float32", weighted)
    # over all samples, as in Keras
    assert weighted.item() == pytest.approx((wanted * broad).mean(), rel=1e-5)
    if wanted.ndim == 1:
        assert kind()(t, p, xp.asarray(w[:, None])).item() == pytest.approx(
            weighted.item(), rel=1e-6
        )
    assert kind()(t, p, xp.ones(N)).item() == pytest.approx(kind()(t, p).item(), rel=1e-5)
    assert kind(reduction="sum")(t, p).item() == pytest.approx(wanted.sum(), rel=1e-5)
    assert kind(reduction="sum")(t, p, xp.asarray(w)).item() == pytest.approx(
        (wanted * broad).sum(), rel=1e-5
    )
    for none in (None, "none"):
        assert_allclose(to_cpu(kind(reduction=none)(t, p).data), wanted, rtol=2e-5, atol=1e-6)
    with pytest.raises(
        ValueError, match=r"sample_weight has shape \(5,\), the losses \(6.*one weight per sample"
    ):
        kind()(t, p, xp.ones(N - 1))


# ---- known figures -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, t, p, value",
    [
        ("mse", [1, 0, 1, 0], [0.9, 0.2, 0.8, 0.3], 0.045),
        ("mae", [1, 0, 1, 0], [0.9, 0.2, 0.8, 0.3], 0.2),
        ("binary_crossentropy", [1, 0, 1, 0], [0.9, 0.2, 0.8, 0.3], 0.22708064055624455),
        ("huber", [1.0, 0.0, -1.0, 3.0], [0.5, 2.0, -1.2, 0.0], 1.03625),
        ("contrastive", [1, 0, 1, 0], [0.2, 0.5, 0.9, 1.4], 0.275),
        (
            "categorical_crossentropy",
            np.eye(3).tolist(),
            [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]],
            0.4243218919376292,
        ),
        (
            "sparse_categorical_crossentropy",
            [0, 1, 2],
            [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]],
            0.4243218919376292,
        ),
        ("binary_crossentropy", [1], [0], 16.11809565095832),
    ],
)
def test_known_figures(name, t, p, value):
    with minigrad.default_dtype("float64"):
        assert losses.get(name)(t, Tensor(p, dtype="float64")).item() == pytest.approx(
            value, rel=1e-12
        )
    assert losses.get(name)(t, Tensor(p, dtype="float32")).item() == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    "loss, value, weighted",
    [  # Keras 3.15.1 on the same arrays, weights .5 and 2
        (BinaryCrossentropy(), 0.2899092435836792, 0.3123122751712799),
        (BinaryCrossentropy(label_smoothing=0.1), 0.34574905037879944, 0.3922182023525238),
        (CategoricalCrossentropy(), 0.2899092435836792, 0.3123122751712799),
        (CategoricalCrossentropy(label_smoothing=0.2), 0.4015888571739197, 0.4721241593360901),
        (losses.CategoricalHinge(), 0.5, 0.55),
        (losses.Hinge(), 0.75, 0.9),
        (losses.SquaredHinge(), 0.815, 0.9624999761581421),
        (losses.LogCosh(), 0.03210441768169403, 0.030953265726566315),
        (Huber(0.2), 0.03, 0.03),
        (losses.Poisson(), 0.6449545621871948, 0.781156063079834),
        (losses.CosineSimilarity(), -0.9446437358856201, -1.1999287605285645),
        (losses.KLDivergence(), 0.2899077832698822, 0.31231045722961426),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_figures_of_keras(loss, value, weighted):
    t = np.eye(2, dtype="float32")
    p = np.array([[0.7, 0.3], [0.2, 0.8]], "float32")
    assert loss(t, p).item() == pytest.approx(value, rel=2e-6, abs=1e-7)
    assert loss(t, p, np.array([0.5, 2.0])).item() == pytest.approx(weighted, rel=2e-6, abs=1e-7)


def test_probabilities_that_do_not_add_up_are_scaled():
    p = np.array([[0.9, 0.9], [0.1, 0.4]])
    for loss, t in (
        (CategoricalCrossentropy(), np.eye(2)),
        (SparseCategoricalCrossentropy(), np.array([0, 1])),
    ):
        assert loss(t, p).item() == pytest.approx(0.4581453502178192, rel=1e-6)


def test_hinge_takes_labels_of_both_kinds(xp):
    p = xp.asarray(PREDICTED)
    for function in (losses.hinge, losses.squared_hinge):
        signs, bits = (to_cpu(function(xp.asarray(t), p).data) for t in (SIGNS, (SIGNS + 1) / 2))
        assert_array_equal(signs, bits)


# ---- logits --------------------------------------------------------------------------------------

HARD = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 1000.0]])


@pytest.mark.parametrize(
    "make, targets",
    [
        (lambda **o: BinaryCrossentropy(**o), np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])),
        (lambda **o: CategoricalCrossentropy(**o), np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])),
        (lambda **o: SparseCategoricalCrossentropy(**o), np.array([1, 0])),
    ],
    ids=["binary", "categorical", "sparse"],
)
@pytest.mark.parametrize("weight", [None, [1.0, 1.0]])
def test_probabilities_out_of_the_network_are_computed_from_logits(make, targets, weight, xp):
    activation = ops.sigmoid if isinstance(make(), BinaryCrossentropy) else ops.softmax
    x = Tensor(xp.asarray(HARD), requires_grad=True)
    t = xp.asarray(targets)
    p = activation(x)
    weight = None if weight is None else xp.asarray(weight)
    known = make()(t, p, weight)
    told = make(from_logits=True)(t, x, weight)
    assert known.item() == told.item() > 600  # no clip at 16.1
    slopes = [to_cpu(grad(y, [x])[0].data) for y in (known, told)]
    assert_array_equal(*slopes)
    # and the gradient is alive
    assert np.isfinite(slopes[0]).all()
    assert abs(slopes[0]).max() > 0.1
    assert make()(t, Tensor(p.data), weight).item() < 17  # the array alone is clipped


def test_the_right_logits_for_each_loss():
    x = Tensor(rng.standard_normal((4, 3)), requires_grad=True)
    for loss, name, t, expected in (
        (BinaryCrossentropy(), "softmax", np.eye(3)[[0, 1, 2, 0]], bce_np),
        (CategoricalCrossentropy(), "sigmoid", np.eye(3)[[0, 1, 2, 0]], cce_np),
    ):
        # not the pair that cancels: the probabilities count, whatever made them
        p = getattr(ops, name)(x)
        assert loss(t, p).item() == pytest.approx(expected(t, p.numpy()).mean(), rel=1e-5)
        assert loss(t, p, np.ones(4)).item() == pytest.approx(
            expected(t, p.numpy()).mean(), rel=1e-5
        )


def test_changed_probabilities_have_no_logits():
    x = Tensor(HARD, requires_grad=True)
    for p in (ops.softmax(x) * 1.0, ops.softmax(x).reshape(2, 3), ops.softmax(x, axis=0)):
        assert CategoricalCrossentropy()(np.eye(3)[[1, 0]], p).item() < 17


def test_clipping_of_raw_probabilities():
    p = Tensor(np.array([[0.0], [1.0]]), requires_grad=True)
    each = losses.binary_crossentropy(np.array([[1.0], [0.0]]), p)
    assert each.numpy()[0] == pytest.approx(-math.log(1e-7), rel=1e-6)
    assert 15.9 < each.numpy()[1] < 16.2
    assert (
        grad(ops.sum(each), [p])[0].numpy() == 0
    ).all()  # beyond the clip nothing can be learned


@pytest.mark.parametrize(
    "name", ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"]
)
def test_from_logits_of_functions(name, xp):
    t = LABELS if name.startswith("sparse") else TARGETS
    function = getattr(losses, name)
    activation = ops.sigmoid if name.startswith("binary") else ops.softmax
    logits = Tensor(xp.asarray(REAL))
    raw = function(xp.asarray(t), Tensor(activation(logits).data))
    told = function(xp.asarray(t), logits, from_logits=True)
    known = function(xp.asarray(t), activation(logits))
    assert_allclose(to_cpu(told.data), to_cpu(raw.data), rtol=1e-5)
    assert_array_equal(to_cpu(told.data), to_cpu(known.data))
    assert loss_class(name)(from_logits=True)(xp.asarray(t), logits).item() == pytest.approx(
        to_cpu(told.data).mean(), rel=1e-6
    )
    if not name.startswith("sparse"):
        smooth = loss_class(name)(from_logits=True, label_smoothing=0.3)(xp.asarray(t), logits)
        wanted = function(xp.asarray(t), Tensor(activation(logits).data), label_smoothing=0.3)
        assert smooth.item() == pytest.approx(to_cpu(wanted.data).mean(), rel=1e-5)


def test_sequences_of_labels(xp):
    logits = rng.standard_normal((2, 5, 3))
    labels = rng.integers(0, 3, (2, 5))
    each = losses.sparse_categorical_crossentropy(
        xp.asarray(labels), xp.asarray(logits), from_logits=True
    )
    assert each.shape == (2, 5)
    mean = SparseCategoricalCrossentropy(from_logits=True)(
        xp.asarray(labels), Tensor(xp.asarray(logits))
    )
    assert mean.item() == pytest.approx(to_cpu(each.data).mean(), rel=1e-6)
    weighted = SparseCategoricalCrossentropy(True)(
        xp.asarray(labels), Tensor(xp.asarray(logits)), xp.asarray([1.0, 0.0])
    )
    assert weighted.item() == pytest.approx(to_cpu(each.data)[0].sum() / 10, rel=1e-5)


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("sparse")])
def test_shapes_that_differ(name):
    t, p, _, _ = CASES[name]
    for call in (
        getattr(losses, name),
        loss_class(name)(),
        lambda t, p: loss_class(name)()(t, p, np.ones(N)),
    ):
        with pytest.raises(
            ValueError,
            match=r"y_true has shape \(6,\), y_pred \(6, 1\); .*y_true.reshape\(\(6, 1\)\)",
        ):
            call(t[:, 0], Tensor(p[:, :1]))
        with pytest.raises(
            ValueError, match=r"y_true has shape \(6, 3\), y_pred \(6, 4\); they must be equal$"
        ):
            call(t[:, :3], p)


@pytest.mark.parametrize(
    "labels, error, words",
    [
        ([0, 1, 4], IndexError, "labels run from 0 to 4, but 4 classes allow 0..3"),
        ([-1, 0, 1], IndexError, "from -1 to 1"),
        ([0.0, 1.0, 2.0], TypeError, "labels must be integers"),
        (np.eye(4)[:3].astype(int), ValueError, "do not fit"),
        ([0, 1], ValueError, "do not fit"),
    ],
)
def test_labels_that_do_not_fit(labels, error, words, xp):
    labels, p = xp.asarray(labels), Tensor(xp.asarray(SHARES[:3]))
    for call in (
        losses.sparse_categorical_crossentropy,
        SparseCategoricalCrossentropy(),
        lambda t, p: SparseCategoricalCrossentropy(from_logits=True)(t, p),
        lambda t, p: SparseCategoricalCrossentropy()(t, p, xp.ones(3)),
    ):
        with pytest.raises(error, match=words):
            call(labels, p)


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: losses.get("mean_squared_eror"), ValueError, "did you mean 'mean_squared_error'"),
        (lambda: losses.get("categorical"), ValueError, "unknown loss"),
        (lambda: losses.get(3), TypeError, "loss: expected"),
        (lambda: Huber(detla=2), TypeError, "Huber.*unexpected keyword argument 'detla'"),
        (
            lambda: Huber(1.0, "sum", "mine", 2.0),
            TypeError,
            "Huber.*takes from 1 to 4 .*arguments but 5",
        ),
        (
            lambda: SparseCategoricalCrossentropy(label_smoothing=0.1),
            TypeError,
            "unexpected keyword argument 'label_smoothing'",
        ),
        (
            lambda: MeanSquaredError(reduction="total"),
            ValueError,
            "unknown reduction of mean_squared_error 'total'",
        ),
    ],
)
def test_bad_options(make, error, words):
    with pytest.raises(error, match=words):
        make()


# ---- names, classes, own losses ------------------------------------------------------------------


def test_names_classes_and_instances():
    for name, kind in losses.NAMES.items():
        assert (
            type(losses.get(name))
            is kind
            is type(losses.get(kind))
            is type(losses.get(kind.__name__))
        )
        if name == kind().name:
            assert inspect.isfunction(getattr(losses, name))
    loss = Huber(2.0, name="mine")
    assert losses.get(loss) is loss
    assert loss.name == "mine"
    assert loss.delta == 2.0
    binary = BinaryCrossentropy(True, 0.1)
    assert (binary.from_logits, binary.label_smoothing) == (True, 0.1)


def test_own_functions(xp):
    def each(t, p):
        return ops.mean(abs(t - p), axis=-1)

    def whole(t, p):
        return ops.mean(abs(t - p)) * 2

    t = xp.asarray(REAL)
    p = Tensor(xp.asarray(PREDICTED), requires_grad=True)
    wanted = abs(REAL - PREDICTED).mean(-1)
    w = rng.uniform(0, 2, N)
    assert losses.get(each).name == "each"
    assert losses.get(each)(t, p).item() == pytest.approx(wanted.mean(), rel=1e-5)
    assert losses.get(each)(t, p, xp.asarray(w)).item() == pytest.approx(
        (wanted * w).mean(), rel=1e-5
    )
    assert losses.get(whole)(t, p).item() == pytest.approx(2 * wanted.mean(), rel=1e-5)
    (slope,) = grad(losses.get(each)(t, p), [p])
    assert_allclose(to_cpu(slope.data), np.sign(PREDICTED - REAL) / REAL.size, rtol=1e-5)
    with pytest.raises(ValueError, match=r"whole: sample_weight has shape \(6,\), the losses \(\)"):
        losses.get(whole)(t, p, xp.asarray(w))


def test_own_classes():
    class Squares(Loss):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * ops.sum(ops.square(y_true - y_pred), axis=-1)

    class Careless(Squares):
        def __init__(self):
            self.factor = 3

    for loss in (Squares(3), Careless()):
        assert loss(REAL, PREDICTED).item() == pytest.approx(
            3 * ((REAL - PREDICTED) ** 2).sum(-1).mean(), rel=1e-5
        )


def test_targets_may_have_a_graph():
    for dtype in ("float32", "float64"):
        t, p = (
            Tensor(x, requires_grad=True, dtype=d)
            for x, d in ((REAL, dtype), (PREDICTED, "float32"))
        )
        for loss in (MeanSquaredError(), Huber()):
            slope = grad(loss(t, p), [t, p])
            assert_allclose(slope[0].numpy(), -slope[1].numpy(), rtol=1e-5)
            assert slope[0].dtype == dtype
            assert abs(slope[0].numpy()).max() > 0


@pytest.mark.parametrize(
    "t, p, shape",
    [
        ((6,), (6, 1), (6, 1)),
        ((6, 1), (6,), (6,)),
        ((6, 1), (6, 4), (6,)),
        ((6, 4), (6, 4), (6, 4)),
        ((6, 2), (6, 2, 1), (6, 2, 1)),
        ((6,), (6, 4), (6,)),
        ((6,), (5, 1), (6,)),
    ],
)
def test_match_target_shape(t, p, shape):
    assert losses.match_target_shape(np.zeros(t, int), Tensor(np.zeros(p))).shape == shape
    if t == (6, 1) and p == (6, 4):
        # not labels: refused, not reshaped
        assert losses.match_target_shape(np.zeros(t), Tensor(np.zeros(p))).shape == t
    assert losses.match_target_shape(None, Tensor(np.zeros(p))) is None
