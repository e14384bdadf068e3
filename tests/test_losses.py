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


def bfc_np(t, p, gamma=2.0):
    each = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    return (each * (1 - np.where(t == 1, p, 1 - p)) ** gamma).mean(-1)


def cfc_np(t, p, alpha=0.25, gamma=2.0):
    p = p / p.sum(-1, keepdims=True)
    return -(t * np.log(p) * alpha * (1 - p) ** gamma).sum(-1)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


# name -> (targets, predictions, the loss of each sample in NumPy, options)
CASES = {
    "mean_squared_error": (REAL, PREDICTED, lambda t, p: ((t - p) ** 2).mean(-1), {}),
    "mean_absolute_error": (REAL, PREDICTED, lambda t, p: abs(t - p).mean(-1), {}),
    "huber": (REAL, PREDICTED, huber_np, {"delta": 2.5}),
    "log_cosh": (REAL, PREDICTED, lambda t, p: np.log(np.cosh(p - t)).mean(-1), {}),
    "mean_absolute_percentage_error": (
        REAL,
        PREDICTED,
        lambda t, p: 100 * (abs(t - p) / abs(t)).mean(-1),
        {},
    ),
    "mean_squared_logarithmic_error": (
        abs(REAL),
        PROBABLE,
        lambda t, p: ((np.log1p(t) - np.log1p(p)) ** 2).mean(-1),
        {},
    ),
    "binary_focal_crossentropy": (ONE_HOT, PROBABLE, bfc_np, {"gamma": 1.5}),
    "categorical_focal_crossentropy": (
        TARGETS,
        PROBABLE,
        cfc_np,
        {"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.5},
    ),
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


# which take the batch as a whole, or a required setting: test_set_losses.py, test_triplets.py
APART = {
    "dice",
    "tversky",
    "circle",
    "triplet_semi_hard_loss",
    "triplet_hard_loss",
    "categorical_generalized_cross_entropy",
}


def test_no_loss_escapes_the_table():
    tested = {losses.NAMES[name] for name in [*CASES, *APART]}
    assert tested == set(losses.NAMES.values())
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
        (np.array([-1, 0, 1], "int8"), IndexError, "from -1 to 1"),
        (np.array([255, 0, 1], "uint8"), IndexError, "from 0 to 255"),
        ([0.0, 1.5, 2.0], ValueError, "labels must be integers, 0..3, but y_true holds 1.5"),
        ([0.0, 1.0, 4.0], IndexError, "labels run from 0 to 4"),
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
        (lambda: Huber(detla=2), TypeError, "Huber has no option 'detla': did you mean delta"),
        (
            lambda: Huber(1.0, "sum", "mine", None, 2.0),
            TypeError,
            "Huber got 5 arguments by position, it takes 4",
        ),
        (
            lambda: SparseCategoricalCrossentropy(label_smoothing=0.1),
            TypeError,
            "has no option 'label_smoothing': Options: from_logits",
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
        ((6, 1), (6, 4), (6, 1)),
        ((6, 4), (6, 4), (6, 4)),
        ((6, 2), (6, 2, 1), (6, 2, 1)),
        ((6,), (6, 4), (6,)),
        ((6,), (5, 1), (6,)),
    ],
)
def test_match_target_shape(t, p, shape):
    assert losses.match_target_shape(np.zeros(t, int), Tensor(np.zeros(p))).shape == shape
    if t == (6, 1):
        labels = losses.match_target_shape(np.zeros(t), Tensor(np.zeros((6, 4))), sparse=True)
        assert labels.shape == (6,)
    assert losses.match_target_shape(None, Tensor(np.zeros(p))) is None


# ---- dtypes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_float16_is_computed_in_float32(name):
    t, p, expected, _ = CASES[name]
    p16 = Tensor(p.astype("float16"), dtype="float16", requires_grad=True)
    t16 = t.astype("float16") if t.dtype.kind == "f" else t
    for loss in (getattr(losses, name)(t16, p16), loss_class(name)()(t16, p16)):
        wanted = expected(np.asarray(t16, t.dtype), p.astype("float16").astype(float))
        wanted = wanted if loss.ndim else wanted.mean()
        assert loss.dtype == "float16"
        assert_allclose(loss.numpy(), wanted, rtol=4e-3, atol=2e-3)
        (slope,) = grad(ops.sum(loss), [p16])
        assert slope.dtype == "float16"
        assert np.isfinite(slope.numpy()).all()


@pytest.mark.parametrize("kernels", [True, False])
def test_float16_of_many_and_of_sure_rows(kernels):
    with minigrad.use_kernels(kernels):
        p = Tensor(np.array([[0.0], [1.0]]), dtype="float16")
        assert losses.BinaryCrossentropy()([[1], [0]], p).item() == pytest.approx(16, rel=0.02)
        p = Tensor(np.full((70_000, 1), 2.0), dtype="float16", requires_grad=True)
        loss = MeanSquaredError()(np.zeros((70_000, 1)), p)
        assert loss.item() == 4
        errors = Tensor([[300.0], [0.0], [0.0]], dtype="float16")
        assert ops.mean_squared_error(errors, errors * 0).item() == 30_000
        logits = Tensor(np.zeros((70_000, 3)), dtype="float16")
        labels = np.zeros(70_000, int)
        for value in (
            ops.sparse_cross_entropy(logits, labels),
            ops.cross_entropy(logits, np.eye(3, dtype="float16")[labels]),
        ):
            assert value.dtype == "float16"
            assert value.item() == pytest.approx(math.log(3), rel=1e-3)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "bool"])
@pytest.mark.parametrize("kernels", [True, False])
def test_integers_do_not_wrap(dtype, kernels):
    t, p = np.array([[1, 0], [0, 1]], dtype), np.array([[0, 1], [0, 1]], dtype)
    with minigrad.use_kernels(kernels):
        for value in (
            losses.get("mse")(t, p),
            losses.get("mae")(t, Tensor(p)),
            losses.get("mse")(Tensor(t), Tensor(p)),
            losses.mean_squared_error(t, p).mean(),
        ):
            assert value.dtype == "float32"
            assert value.item() == 0.5
        assert ops.mean_squared_error(p, t) == 0.5


@pytest.mark.parametrize(
    "name, option",
    [("huber", "delta"), ("contrastive", "margin"), ("huber", "delta")]
    + [(f"{kind}_crossentropy", "label_smoothing") for kind in ("binary", "categorical")]
    + [
        (f"{kind}_focal_crossentropy", o)
        for kind in ("binary", "categorical")
        for o in ("alpha", "gamma", "label_smoothing")
    ],
)
def test_settings_of_numpy_leave_float32(name, option):
    t, p, _, _ = CASES[name]
    t, p = t.astype("float32"), p.astype("float32")
    for make in (np.float64, np.array):
        each = getattr(losses, name)(t, p, **{option: make(0.25)})
        mean = loss_class(name)(**{option: make(0.25)})(t, Tensor(p))
        assert each.dtype == mean.dtype == "float32"
        plain = getattr(losses, name)(t, p, **{option: 0.25})
        assert_array_equal(each.numpy(), plain.numpy())


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "float32", "float64", "bool"])
@pytest.mark.parametrize("kernels", [True, False])
def test_class_numbers_of_every_dtype(dtype, kernels, xp):
    labels = np.array([0, 1, 1, 0])
    p = Tensor(xp.asarray(rng.dirichlet(np.ones(3), 4)), requires_grad=True)
    expected = -np.log(to_cpu(p.data)[np.arange(4), labels])
    with minigrad.use_kernels(kernels):
        for given in (labels, labels[:, None]):
            given = xp.asarray(given.astype(dtype))
            each = losses.sparse_categorical_crossentropy(given, p)
            assert_allclose(to_cpu(each.data), expected, rtol=1e-5)
            for loss in (SparseCategoricalCrossentropy(), SparseCategoricalCrossentropy(True)):
                value = loss(given, p if not loss.from_logits else ops.log(p))
                assert value.item() == pytest.approx(expected.mean(), rel=1e-5)
                assert grad(value, [p])[0].shape == (4, 3)


# ---- domains -------------------------------------------------------------------------------------

CLASSES = np.arange(10) % 10
SCORES = Tensor(np.linspace(0.1, 0.9, 10)[:, None])
ROWS = Tensor(np.full((2, 3), 1 / 3))


@pytest.mark.parametrize(
    "name, t, p, words",
    [
        ("binary_crossentropy", CLASSES[:, None], SCORES, "0 to 9: class numbers belong.*sparse_c"),
        ("binary_crossentropy", np.array([[-1], [1]]), SCORES[:2], "signs belong.*hinge"),
        ("binary_crossentropy", [[0.5], [25.5]], SCORES[:2], "from 0.5 to 25.5: scale them"),
        ("binary_focal_crossentropy", [[0], [3]], SCORES[:2], "0 to 3: class numbers"),
        ("categorical_crossentropy", [[0, 1, 1], [1, 0, 0]], ROWS, "add up to 1.*binary_crossent"),
        ("categorical_crossentropy", [[0, 3.0, 0], [1, 0, 0]], ROWS, "rows of probabilities"),
        ("categorical_crossentropy", [[0, -1.0, 0], [1, 0, 0]], ROWS, "from -1 to 1"),
        ("categorical_crossentropy", [[0.2, 0.2, 0.2], [1, 0, 0]], ROWS, "sums run from 0.6 to 1"),
        ("categorical_focal_crossentropy", [[0, 1, 1], [1, 0, 0]], ROWS, "add up to 1"),
        ("kl_divergence", [[0, 2, 0], [1, 0, 0]], ROWS, "in 0..1, but y_true runs from 0 to 2"),
        ("hinge", CLASSES[:, None], SCORES, "-1 and 1, or 0 and 1, but y_true runs from 0 to 9"),
        ("squared_hinge", [[-1], [0]], SCORES[:2], "must be -1 and 1, or 0 and 1"),
        ("categorical_hinge", [[0, 2, 0], [1, 0, 0]], ROWS, "one-hot rows.*to_categorical"),
        ("poisson", [[-1.0], [2.0]], SCORES[:2], "0 or more, but y_true runs from -1 to 2"),
        ("msle", [[-1.0], [2.0]], SCORES[:2], "0 or more"),
        ("contrastive", [[2.0], [0.0]], SCORES[:2], "in 0..1"),
    ],
)
def test_targets_outside_of_the_domain(name, t, p, words):
    loss = losses.get(name)
    for call in (loss, loss.call, lambda t, p: loss(t, p, np.ones(len(p)))):
        with pytest.raises(ValueError, match=f"{loss.name}.*{words}"):
            call(t, p)
    if hasattr(loss, "from_logits"):
        with pytest.raises(ValueError, match=words):
            type(loss)(from_logits=True)(t, p)


@pytest.mark.parametrize(
    "name", ["categorical_crossentropy", "categorical_hinge", "categorical_focal_crossentropy"]
)
def test_class_numbers_are_no_rows(name):
    p = Tensor(SHARES)
    for given in (LABELS, LABELS[:, None], LABELS * 1.0):
        for loss in (losses.get(name), type(losses.get(name))(reduction="sum")):
            with pytest.raises(
                ValueError, match=r"sparse_categorical_crossentropy.*to_categorical"
            ):
                loss(given, p)
    model = minigrad.Sequential([minigrad.layers.Dense(C, activation="softmax")])
    model.compile("sgd", name)
    for call in (model.fit, model.train_on_batch, model.evaluate):
        with pytest.raises(ValueError, match=r"sparse_categorical_crossentropy.*to_categorical"):
            call(REAL, LABELS)


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy", "hinge"])
def test_nothing_is_in_every_domain(name):
    each = getattr(losses, name)(np.zeros((0, 3)), Tensor(np.zeros((0, 3))))
    assert each.shape == (0,)


def test_rows_of_zeros_cost_nothing():
    each = losses.categorical_crossentropy([[0, 0, 0], [0, 1, 0]], ROWS)
    assert_allclose(each.numpy(), [0, math.log(3)], rtol=1e-6)
    assert CategoricalCrossentropy()([[0, 0, 0], [0, 1, 0]], ROWS).item() > 0


@pytest.mark.parametrize(
    "make, words",
    [
        (
            lambda: BinaryCrossentropy(label_smoothing=2),
            "label_smoothing of binary_.* in 0..1, got 2",
        ),
        (lambda: CategoricalCrossentropy(label_smoothing=-0.1), "in 0..1, got -0.1"),
        (lambda: Huber(-1), "delta of huber must be 0 or more, got -1"),
        (lambda: Huber(float("nan")), "delta of huber must be 0 or more, got nan"),
        (lambda: losses.Contrastive(-1), "margin of contrastive must be 0 or more"),
        (lambda: losses.BinaryFocalCrossentropy(gamma=-1), "gamma of .* must be 0 or more"),
        (lambda: losses.BinaryFocalCrossentropy(alpha=1.5), "alpha of .* must be in 0..1"),
        (lambda: losses.CategoricalFocalCrossentropy(alpha=[0.1, -1]), "alpha of .* 0 or more"),
        (lambda: losses.huber([[1.0]], [[2.0]], -1), "delta of huber must be 0 or more"),
        (lambda: losses.binary_crossentropy([[1.0]], [[0.5]], label_smoothing=2), "in 0..1, got 2"),
    ],
)
def test_settings_that_give_nonsense(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# ---- logits that are forgotten, and outputs that are no probabilities ----------------------------


@pytest.mark.parametrize(
    "loss, activation, t",
    [
        (BinaryCrossentropy, "sigmoid", np.eye(3)[[1, 0]]),
        (losses.BinaryFocalCrossentropy, "sigmoid", np.eye(3)[[1, 0]]),
        (CategoricalCrossentropy, "softmax", np.eye(3)[[1, 0]]),
        (SparseCategoricalCrossentropy, "softmax", np.array([1, 0])),
    ],
)
def test_probabilities_given_as_logits(loss, activation, t):
    x = Tensor(HARD, requires_grad=True)
    layer = minigrad.layers.Activation(activation)
    for y in (getattr(ops, activation)(x), layer(x), getattr(ops, activation)(x / 2.0)):
        with pytest.warns(UserWarning, match=f"y_pred comes out of a {activation}"):
            told = loss(from_logits=True)(t, y)
        assert told.item() == loss()(t, y).item() > 100


def test_changed_values_have_no_logits():
    t, p = np.eye(3)[[1, 0]], np.array([[0.2, 0.3, 0.5], [0.5, 0.25, 0.25]])
    expected = cce_np(t, p).mean()
    for change in ("data", "item", "minus"):
        y = ops.softmax(Tensor(HARD))
        if change == "data":
            y.data = p.astype("float32")
        elif change == "item":
            y[...] = p
        else:
            y.data -= y.data - p.astype("float32")
        for loss in (CategoricalCrossentropy(), CategoricalCrossentropy(label_smoothing=0)):
            assert loss(t, y).item() == pytest.approx(expected, rel=1e-5)
        assert losses.categorical_crossentropy(t, y).numpy().mean() == pytest.approx(expected, 1e-5)
    x = Tensor(np.log(p))
    y = ops.softmax(x)
    x[...] = 0.0  # the logits, not the probabilities
    assert CategoricalCrossentropy()(t, y).item() == pytest.approx(expected, rel=1e-5)
    assert CategoricalCrossentropy()(t, ops.softmax(Tensor(HARD))).item() > 600  # others are known


def test_outputs_that_are_no_probabilities():
    x = Tensor(REAL, requires_grad=True)
    for y in (x, ops.log_softmax(x), ops.softplus(x * 3.0)):
        for loss, t in ((CategoricalCrossentropy(), ONE_HOT), (BinaryCrossentropy(), ONE_HOT)):
            with pytest.warns(UserWarning, match="outside of 0..1.*activation=.*from_logits=True"):
                loss(t, y)


def test_softmax_of_one_class():
    y = ops.softmax(Tensor(REAL[:, :1], requires_grad=True))
    for loss in ("binary_crossentropy", "categorical_crossentropy", "mse"):
        with pytest.warns(
            UserWarning, match="softmax over one class is 1.*Dense.1, activation='si"
        ):
            losses.get(loss)(np.ones((N, 1)), y)


# ---- classes that are ruled out, and extreme values ----------------------------------------------

INF = np.inf


@pytest.mark.parametrize("kernels", [True, False])
@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    "loss, t, x, value, slope",
    [
        (
            "sparse_cross_entropy",
            [0, 1],
            [[0, 0, -INF], [1e4, 0, -INF]],
            (math.log(2) + 1e4) / 2,
            [[-0.25, 0.25, 0], [0.5, -0.5, 0]],
        ),
        (
            "cross_entropy",
            [[1, 0, 0], [0, 1, 0]],
            [[0, 0, -INF], [1e4, 0, -INF]],
            (math.log(2) + 1e4) / 2,
            [[-0.25, 0.25, 0], [0.5, -0.5, 0]],
        ),
        ("cross_entropy", [[1.0, 0]], [[1e30, -1e30]], 0, [[0, 0]]),
        (
            "binary_cross_entropy",
            [[0, 1, 1, 0]],
            [[-INF, INF, 0, 1e30]],
            (math.log(2) + 1e30) / 4,
            [[0, 0, -0.125, 0.25]],
        ),
    ],
)
def test_ruled_out_classes_cost_nothing(loss, t, x, value, slope, kernels, recorded, xp):
    with minigrad.use_kernels(kernels):
        x = Tensor(xp.asarray(np.array(x, "float32")), requires_grad=True)
        t = xp.asarray(np.array(t, "float32" if np.ndim(t) > 1 else int))
        y = getattr(ops, loss)(x, t)
        assert y.item() == pytest.approx(value, rel=1e-6)
        (first,) = grad(y, [x], create_graph=recorded)
        assert_allclose(to_cpu(first.data), slope, atol=1e-6)
        if recorded:
            (second,) = grad(ops.sum(first * first), [x])
            assert np.isfinite(to_cpu(second.data)).all()


@pytest.mark.parametrize(
    "make, t, x",
    [
        (BinaryCrossentropy, [[0.0, 1.0]], [[-INF, 2.0]]),
        (CategoricalCrossentropy, [[0.0, 1.0]], [[-INF, 2.0]]),
        (losses.CategoricalFocalCrossentropy, [[0.0, 1.0]], [[-INF, 2.0]]),
        (losses.BinaryFocalCrossentropy, [[0.0, 1.0]], [[-INF, 2.0]]),
        (SparseCategoricalCrossentropy, [1], [[-INF, 2.0]]),
    ],
)
def test_losses_of_ruled_out_classes(make, t, x):
    for weight in (None, [1.0]):
        x = Tensor(x, requires_grad=True)
        y = make(from_logits=True)(np.array(t), x, weight)
        (slope,) = grad(y, [x], create_graph=True)
        assert np.isfinite(y.item())
        assert np.isfinite(slope.numpy()).all()
        assert np.isfinite(grad(ops.sum(slope), [x])[0].numpy()).all()
    if make in (BinaryCrossentropy, CategoricalCrossentropy):
        assert make(from_logits=True, label_smoothing=0.1)(np.array(t), x).item() == INF


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_probabilities_of_exactly_0_and_1(name):
    p = Tensor([[0.0, 1.0], [1.0, 0.0]], requires_grad=True)
    each = getattr(losses, name)([[0.0, 1.0], [0.0, 1.0]], p)
    assert_allclose(each.numpy(), [0, -math.log(1e-7)], rtol=0.02, atol=1e-6)


# ---- weights and names ---------------------------------------------------------------------------


def test_weights_of_samples_and_of_steps():
    t, p = rng.standard_normal((2, 5, 4, 3))
    each = ((t - p) ** 2).mean(-1)
    w, steps = rng.uniform(0, 2, 5), rng.uniform(0, 2, (5, 4))
    loss = MeanSquaredError()
    for weight, wanted in (
        (w, each * w[:, None]),
        (w[:, None], each * w[:, None]),
        (steps, each * steps),
        (steps[..., None], each * steps),
        (steps[:1], each * steps[:1]),
        (2.0, each * 2),
    ):
        assert loss(t, p, weight).item() == pytest.approx(wanted.mean(), rel=1e-5)
        total = (wanted / each).sum()
        by_weight = MeanSquaredError(reduction="mean_with_sample_weight")
        assert by_weight(t, p, weight).item() == pytest.approx(wanted.sum() / total, rel=1e-5)
    assert MeanSquaredError("mean")(t, p, w).item() == loss(t, p, w).item()
    for kind in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
        assert MeanSquaredError(kind)(t, p, np.zeros(5)).item() == 0
    assert MeanSquaredError("mean_with_sample_weight")(t, p).item() == loss(t, p).item()
    with pytest.raises(ValueError, match=r"sample_weight has shape \(4,\), the losses \(5, 4\)"):
        loss(t, p, np.ones(4))


@pytest.mark.parametrize(
    "name, same",
    [
        ("mse", "MSE MeanSquaredError mean_squared_error"),
        ("mae", "MAE MeanAbsoluteError mean_absolute_error"),
        ("mape", "MAPE MeanAbsolutePercentageError mean_absolute_percentage_error"),
        ("msle", "MSLE MeanSquaredLogarithmicError mean_squared_logarithmic_error"),
        ("bce", "BCE BinaryCrossentropy binary_crossentropy"),
        ("kld", "KLD KLDivergence kl_divergence kullback_leibler_divergence"),
        ("log_cosh", "LogCosh logcosh"),
    ],
)
def test_names_that_mean_the_same(name, same):
    for other in same.split():
        assert type(losses.get(other)) is type(losses.get(name))


@pytest.mark.parametrize(
    "wrong, near",
    [
        ("sparse_crossentropy", "sparse_categorical_crossentropy"),
        ("categorical_cross_entropy", "categorical_crossentropy"),
        ("binary_cross_entropy", "binary_crossentropy"),
        ("mean_square_error", "mean_squared_error"),
        ("squared_error", "mean_squared_error"),
        ("Mse", "mse"),
    ],
)
def test_the_nearest_name(wrong, near):
    with pytest.raises(ValueError, match=f"unknown loss '{wrong}': did you mean '{near}'"):
        losses.get(wrong)


IGNORED = np.array([255, *LABELS[1:4], 255, LABELS[5]])
KEPT = IGNORED != 255


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("through_softmax", [False, True])
@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32"])
def test_rows_of_an_ignored_class_do_not_count(from_logits, through_softmax, dtype, xp):
    scores = (REAL if from_logits or through_softmax else SHARES).astype("float32")
    loss = SparseCategoricalCrossentropy(from_logits, ignore_class=255)
    plain = SparseCategoricalCrossentropy(from_logits)
    x = Tensor(xp.asarray(scores), requires_grad=True)
    softmax = ops.softmax if through_softmax and not from_logits else lambda x: x
    value = loss(xp.asarray(IGNORED.astype(dtype)), softmax(x))
    kept = Tensor(scores[KEPT], requires_grad=True)
    expected = plain(IGNORED[KEPT], softmax(kept))
    assert value.dtype == "float32"
    assert_allclose(value.numpy(), expected.numpy(), rtol=1e-6)
    (g,), (h,) = grad(value, [x]), grad(expected, [kept])
    assert not g.numpy()[~KEPT].any()
    assert_allclose(g.numpy()[KEPT], h.numpy(), rtol=1e-5, atol=1e-7)


def test_an_ignored_class_with_weights_masks_and_reductions():
    weights = np.arange(1.0, N + 1, dtype="float32")
    function = losses.sparse_categorical_crossentropy
    each = function(IGNORED, SHARES, ignore_class=255)
    assert not each.numpy()[~KEPT].any()
    assert_array_equal(to_cpu(each.mask), KEPT)
    assert_allclose(each.numpy()[KEPT], function(IGNORED[KEPT], SHARES[KEPT]).numpy(), rtol=1e-6)

    def loss(reduction="mean", y_pred=SHARES, w=weights):
        options = {"ignore_class": 255, "reduction": reduction}
        return SparseCategoricalCrossentropy(**options)(IGNORED, y_pred, w).numpy()

    weighted = each.numpy() * weights
    assert_allclose(loss(), weighted.sum() / KEPT.sum(), rtol=1e-6)
    assert_allclose(loss("sum"), weighted.sum(), rtol=1e-6)
    assert_allclose(loss(None), weighted, rtol=1e-6)
    mean = weighted.sum() / weights[KEPT].sum()
    assert_allclose(loss("mean_with_sample_weight"), mean, rtol=1e-6)
    padded = Tensor(SHARES)
    padded.mask = np.arange(N) < 3
    real = KEPT & padded.mask
    assert_allclose(loss(y_pred=padded), weighted[real].sum() / real.sum(), rtol=1e-6)
    assert_allclose(loss(y_pred=padded, w=None), each.numpy()[real].mean(), rtol=1e-6)
    own = losses.get(lambda t, p: function(t, p, ignore_class=255))
    assert_allclose(own(IGNORED, SHARES).numpy(), each.numpy()[KEPT].mean(), rtol=1e-6)
    assert SparseCategoricalCrossentropy(ignore_class=255)([255], SHARES[:1]).item() == 0


def test_an_ignored_row_may_hold_anything():
    rows = np.array([[np.nan, 1.0], [0.0, 0.0], [0.25, 0.75]], "float32")
    x = Tensor(rows, requires_grad=True)
    value = SparseCategoricalCrossentropy(ignore_class=-1)([-1, -1, 1], x)
    assert_allclose(value.item(), -np.log(0.75), rtol=1e-6)
    (g,) = grad(value, [x])
    assert np.isfinite(g.numpy()).all()


@pytest.mark.parametrize("ignore_class", [None, 255])
def test_classes_along_another_axis(ignore_class):
    images = np.moveaxis(SHARES.reshape(2, 3, C), -1, 1)  # (N, C, T)
    labels = IGNORED.reshape(2, 3) if ignore_class else LABELS.reshape(2, 3)
    function = losses.sparse_categorical_crossentropy
    expected = function(labels, SHARES.reshape(2, 3, C), ignore_class=ignore_class)
    for y in (labels, labels[:, None]):
        found = function(y, images, ignore_class=ignore_class, axis=1)
        assert_allclose(found.numpy(), expected.numpy(), rtol=1e-6)
    mean = SparseCategoricalCrossentropy(ignore_class=ignore_class, axis=1)(labels, images)
    counted = IGNORED != 255 if ignore_class else np.ones(N, bool)
    assert_allclose(mean.item(), expected.numpy().reshape(-1)[counted].mean(), rtol=1e-6)
    logits = Tensor(images, requires_grad=True)
    value = SparseCategoricalCrossentropy(True, ignore_class, axis=1)(labels, logits)
    (g,) = grad(value, [logits])
    assert g.shape == images.shape
    softmax = function(
        labels, ops.softmax(Tensor(images), axis=1), ignore_class=ignore_class, axis=1
    )
    assert_allclose(softmax.numpy().reshape(-1)[counted].mean(), value.item(), rtol=1e-5)


def test_an_unknown_reduction_and_negative_targets_of_logarithms():
    with pytest.raises(ValueError, match="unknown reduction of huber 'avg': known: sum_over_batch"):
        losses.Huber(reduction="avg")
    with pytest.raises(ValueError, match="targets must be 0 or more, but y_true runs from -1"):
        losses.mean_squared_logarithmic_error(-np.ones((2, 3)), np.ones((2, 3)))


def test_the_cosine_of_short_vectors():
    """Its length alone decides about each; zeros have a finite gradient."""
    for scale in (1.0, 1e-4, 1e-6):
        short = losses.cosine_similarity([[3 * scale, 4 * scale]], np.array([[4e-5, 3e-5]]))
        assert short.item() == pytest.approx(-0.96, rel=1e-5)
    zeros = Tensor(np.zeros((1, 2)), requires_grad=True)
    losses.cosine_similarity([[3.0, 4.0]], zeros).sum().backward()
    np.testing.assert_allclose(zeros.grad, [[-0.6e7, -0.8e7]], rtol=1e-5)


def test_shares_that_rounding_has_put_above_1_count_as_1():
    rounded = losses.kl_divergence([[1.0005, 0.0]], [[0.5, 0.5]]).item()
    assert rounded == losses.kl_divergence([[1.0, 0.0]], [[0.5, 0.5]]).item()
