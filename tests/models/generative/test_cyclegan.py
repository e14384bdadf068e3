"""CycleGAN: parameters, losses, which network follows which term, its data, learning, errors."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from matplotlib import pyplot
from torch.nn import functional

import minigrad
from minigrad import Tensor, grad, training
from minigrad.layers import InstanceNormalization, ReflectionPadding2D, Residual
from minigrad.optimizers import SGD, Adam
from models.common import long_run
from models.common.judge import Judge
from models.generative import cyclegan
from models.generative.cyclegan import CycleGAN, Unpaired, make_discriminator, make_generator

DATA = cyclegan.load()
SMALL = {"width": 2, "blocks": 1, "d_width": 2}


@cache
def hasty_judges():
    (x, y), (x_test, y_test) = cyclegan.digits()
    sets = [((f(x), y), (f(x_test), y_test)) for f in (np.array, cyclegan.outline)]
    return tuple(Judge(*rows, epochs=2) for rows in sets)


@pytest.fixture
def quick(monkeypatch):
    """Judges of two epochs, which know most digits, a film of few pictures, fewer images."""

    def few(domain):
        x, y, x_test, y_test = DATA if domain == "digits" else load(domain)
        held_out = len(x_test) if domain == "digits" else 8
        return cyclegan.Data(x[:240], y[:240], x_test[:held_out], y_test[:held_out])

    load = cyclegan.load
    monkeypatch.setattr(cyclegan, "load", few)
    monkeypatch.setattr(long_run, "FRAMES", 3)
    monkeypatch.setattr(cyclegan, "judges", hasty_judges)


def made(rate=0.01, optimizer=SGD, **options):
    minigrad.seed(0)
    model = cyclegan.build(**{**SMALL, **options})
    model.compile(optimizer(rate), optimizer(rate))
    return model


# ---- the networks --------------------------------------------------------------------------------


def test_parameters_at_the_papers_size():
    assert make_generator().count_params() == 11_388_675
    assert make_generator((32, 32, 3), reflect=True).count_params() == 11_388_675
    assert make_discriminator().count_params() == 2_766_529
    model = cyclegan.build()
    assert (model.g.count_params(), model.d_y.count_params()) == (110_977, 34_529)
    assert model.count_params() == 2 * (110_977 + 34_529)


@pytest.mark.parametrize("reflect", [False, True])
def test_shapes_on_the_way(reflect):
    g = make_generator((8, 12, 3), 2, 3, reflect)
    shapes = [layer.output_shape[1:] for layer in g.layers if "Conv" in type(layer).__name__]
    assert shapes == [(8, 12, 2), (4, 6, 4), (2, 3, 8), (4, 6, 4), (8, 12, 2), (8, 12, 3)]
    assert sum(isinstance(layer, Residual) for layer in g.layers) == 3
    paddings = [layer for _, layer in g.named_layers() if isinstance(layer, ReflectionPadding2D)]
    assert len(paddings) == (8 if reflect else 0)
    images = g(np.random.default_rng(0).uniform(-1, 1, (2, 8, 12, 3)).astype("float32")).numpy()
    assert images.shape == (2, 8, 12, 3) and images.dtype == np.float32
    assert np.abs(images).max() < 1


def test_a_discriminator_answers_by_patch():
    d = make_discriminator((64, 64, 3), 1)
    assert d.output_shape[1:] == (4, 4, 1)
    strides = [layer.strides for layer in d.layers if hasattr(layer, "strides")]
    assert strides == [(2, 2)] * 4 + [(1, 1)]
    assert sum(isinstance(layer, InstanceNormalization) for layer in d.layers) == 3


# ---- the losses ----------------------------------------------------------------------------------


def test_the_losses_by_hand():
    real, fake = np.random.default_rng(0).standard_normal((2, 3, 2, 2, 1))
    expected = (((real - 1) ** 2).mean() + (fake**2).mean()) / 2
    assert float(cyclegan.discriminator_loss(Tensor(real), Tensor(fake))) == pytest.approx(expected)
    assert float(cyclegan.real_loss(Tensor(fake))) == pytest.approx(((fake - 1) ** 2).mean())
    assert float(cyclegan.distance(Tensor(real), fake)) == pytest.approx(np.abs(real - fake).mean())


def losses_of(model, x, y):
    """All terms of a step, before it."""
    with training():
        fake_x, fake_y = model.f(y), model.g(x)
        adversarial = cyclegan.real_loss(model.d_y(fake_y)) + cyclegan.real_loss(model.d_x(fake_x))
        cycle = cyclegan.distance(model.f(fake_y), x) + cyclegan.distance(model.g(fake_x), y)
        identity = cyclegan.distance(model.g(y), y) + cyclegan.distance(model.f(x), x)
        d_loss = cyclegan.discriminator_loss(model.d_x(x), model.d_x(fake_x.detach()))
        d_loss += cyclegan.discriminator_loss(model.d_y(y), model.d_y(fake_y.detach()))
    return adversarial, cycle, identity, d_loss


@pytest.mark.parametrize("identity", [0.0, 5.0])
def test_a_step_is_against_both_gradients(identity):
    model, twin = (made(0.1, identity=identity, cycle=7.0) for _ in range(2))
    x, y = DATA.x[:4], DATA.y[:4]
    logs = model.train_step((x, y))
    adversarial, cycle, extra, d_loss = losses_of(twin, x, y)
    assert logs["g_loss"] == pytest.approx(float(adversarial), rel=1e-5)
    assert logs["cycle_loss"] == pytest.approx(float(cycle), rel=1e-5)
    assert logs["d_loss"] == pytest.approx(float(d_loss), rel=1e-5)
    sides = {("g", "f"): adversarial + 7 * cycle + identity * extra, ("d_x", "d_y"): d_loss}
    for names, loss in sides.items():
        for name in names:
            old = getattr(twin, name).trainable_weights
            new = getattr(model, name).trainable_weights
            for a, b, slope in zip(new, old, grad(loss, old), strict=True):
                assert np.allclose(a.numpy(), b.numpy() - 0.1 * slope.numpy(), atol=1e-6)


def reached(model, loss):
    """The networks in whose weights a loss has a gradient."""
    names = ("g", "f", "d_x", "d_y")
    weights = {name: getattr(model, name).trainable_weights for name in names}
    slopes = {name: grad(loss, w, retain_graph=True, unused="none") for name, w in weights.items()}
    return {
        name for name in names if any(g is not None and np.abs(g).max() > 0 for g in slopes[name])
    }


def test_which_networks_each_term_reaches():
    model = made()
    x, y = DATA.x[:2], DATA.y[:2]
    assert reached(model, cyclegan.distance(model.f(model.g(x)), x)) == {"g", "f"}
    assert reached(model, cyclegan.distance(model.g(y), y)) == {"g"}
    assert reached(model, cyclegan.distance(model.f(x), x)) == {"f"}
    assert reached(model, cyclegan.real_loss(model.d_y(model.g(x)))) == {"g", "d_y"}
    fakes = model.g(x).detach()
    assert reached(model, cyclegan.discriminator_loss(model.d_y(y), model.d_y(fakes))) == {"d_y"}


def torch_generator(weights, x):
    """The smallest generator, in PyTorch: images (N, C, H, W), "same" of stride 2 pads (0, 1)."""
    kernels, rest = iter(weights), functional

    def convolved(x, stride=1, pads=None, transposed=False):
        w, b = next(kernels), next(kernels)
        if transposed:  # "same" keeps the first 2 H x 2 W of 2 H + 1
            y = rest.conv_transpose2d(x, w.permute(3, 2, 0, 1), b, stride)
            return y[:, :, : 2 * x.shape[2], : 2 * x.shape[3]]
        pads = pads or (w.shape[0] // 2,) * 4
        return rest.conv2d(rest.pad(x, pads), w.permute(3, 2, 0, 1), b, stride)

    def normed(x):
        return rest.instance_norm(x, weight=next(kernels), bias=next(kernels), eps=1e-3)

    x = normed(convolved(x)).relu()
    for _ in range(2):
        x = normed(convolved(x, 2, (0, 1, 0, 1))).relu()
    x = x + normed(convolved(normed(convolved(x)).relu()))
    for _ in range(2):
        x = normed(convolved(x, 2, transposed=True)).relu()
    return convolved(x).tanh()


def test_the_generator_and_its_gradient_are_those_of_pytorch():
    minigrad.seed(0)
    g = make_generator((16, 16, 1), 3, 1)
    rng = np.random.default_rng(0)
    for p in g.trainable_weights:  # wider than the start, which makes all outputs about alike
        p.assign(p.numpy() + 0.3 * rng.standard_normal(p.shape).astype("float32"))
    x = DATA.x[:3]
    weights = [torch.tensor(p.numpy(), requires_grad=True) for p in g.trainable_weights]
    theirs = torch_generator(weights, torch.tensor(x).movedim(-1, 1)).movedim(1, -1)
    ours = g(x)
    assert np.allclose(ours.numpy(), theirs.detach().numpy(), atol=1e-4)
    target = DATA.y[:3]
    gradients = grad(cyclegan.distance(ours, target), g.trainable_weights)
    expected = torch.autograd.grad((theirs - torch.tensor(target)).abs().mean(), weights)
    largest = max(float(e.abs().max()) for e in expected)
    for mine, e in zip(gradients, expected, strict=True):
        assert np.abs(mine.numpy() - e.numpy()).max() < 1e-3 * largest


# ---- the data ------------------------------------------------------------------------------------


def test_no_digit_is_in_both_domains_and_held_out_ones_are_pairs():
    x, y, x_test, y_test = DATA
    assert x.shape == (718, 16, 16, 1) and y.shape == (719, 16, 16, 1)
    assert x_test.shape == y_test.shape == (360, 16, 16, 1)
    for images in DATA:
        assert images.dtype == np.float32 and images.min() >= -1 and images.max() <= 1
    assert (y_test == cyclegan.outline(x_test)).all()
    drawn = {image.tobytes() for image in cyclegan.outline(x)}
    assert sum(image.tobytes() in drawn for image in y) < 3


def test_an_outline_by_hand():
    x = np.full((1, 5, 5, 1), -1.0, "float32")
    x[0, 2, 2] = 1
    expected = np.ones((5, 5))
    expected[1:4, 1:4] = -1
    assert (cyclegan.outline(x)[0, :, :, 0] == expected).all()
    assert (cyclegan.outline(np.ones_like(x)) == 1).all()


def test_patches_of_photographs():
    image = np.arange(7 * 9 * 3).reshape(7, 9, 3)
    found = cyclegan.patches(image, 2, size=3)
    assert found.shape == (3 * 4, 3, 3, 3)
    assert (found[0] == image[:3, :3]).all() and (found[5] == image[2:5, 2:5]).all()
    data = cyclegan.load("photographs")
    assert data.x.shape == data.y.shape == (621, 32, 32, 3)
    assert data.x_test.shape == data.y_test.shape == (48, 32, 32, 3)
    for images in data:
        assert images.dtype == np.float32 and images.min() >= -1 and images.max() <= 1


def test_each_domain_has_an_order_of_its_own():
    minigrad.seed(0)
    numbers = np.linspace(-1, 1, 10)
    batches = Unpaired(numbers, numbers, 4)
    assert len(batches) == 3
    x, y = (np.concatenate(part) for part in zip(*batches))
    assert (y != x).any()
    assert sorted(x[:10]) == sorted(y[:10]) == list(numbers)
    minigrad.seed(0)
    again, _ = (np.concatenate(part) for part in zip(*batches))
    assert (again == x).all()
    assert (np.concatenate([a for a, _ in batches]) != x).any()  # another pass, another order


def test_the_smaller_domain_begins_again():
    larger, smaller = np.linspace(-1, 1, 7), np.linspace(-1, 1, 3)
    x, y = (np.concatenate(part) for part in zip(*Unpaired(larger, smaller, 2)))
    assert len(x) == len(y) == 8
    assert set(x) == set(larger) and set(y[:3]) == set(y[3:6]) == set(smaller)


def test_the_rate_falls_in_the_second_half():
    rate = cyclegan.SecondHalf(2e-4, 200)
    assert [rate(step) for step in (0, 99, 100)] == [2e-4] * 3
    assert [rate(step) for step in (150, 200, 210)] == pytest.approx([1e-4, 0, 0])


# ---- training ------------------------------------------------------------------------------------


def test_a_step_on_every_device(device):
    model = made()
    batches = Unpaired(DATA.x[:6], DATA.y[:9], 3)
    logs = model.fit(batches, epochs=2, verbose=0).history
    assert all(np.isfinite(logs[name]).all() for name in ("g_loss", "cycle_loss", "d_loss"))
    assert model.predict(DATA.x[:2], verbose=0).shape == (2, 16, 16, 1)


def test_pools_show_older_fakes():
    model, fresh = made(0.0), made(0.0, pool_size=2)
    assert [len(pool.images) for pool in model.pools] == [0, 0]
    for i in range(3):
        fresh.train_step((DATA.x[2 * i : 2 * i + 2], DATA.y[2 * i : 2 * i + 2]))
    assert [len(pool.images) for pool in fresh.pools] == [2, 2]
    made_now = fresh.g(DATA.x[4:6]).numpy()
    kept = np.stack([np.asarray(image) for image in fresh.pools[1].images])
    assert kept.shape == made_now.shape
    bare = CycleGAN(model.g, model.f, model.d_x, model.d_y, pool_size=None)
    bare.compile(SGD(0.0), SGD(0.0))
    x, y = DATA.x[:3], DATA.y[:3]
    assert bare.train_step((x, y))["d_loss"] == pytest.approx(float(losses_of(bare, x, y)[3]))


def test_a_checkpoint_goes_on_bit_for_bit(tmp_path):
    batches, path = Unpaired(DATA.x[:8], DATA.y[:8], 4), tmp_path / "state.safetensors"
    whole = made(1e-3, Adam, pool_size=3)
    whole.fit(batches, epochs=2, verbose=0)
    half = made(1e-3, Adam, pool_size=3)
    half.fit(batches, epochs=1, verbose=0)
    half.save(path, 1)
    again = made(1e-3, Adam, pool_size=3)
    assert again.load(path) == 1
    again.fit(batches, initial_epoch=1, epochs=2, verbose=0)
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [len(pool.images) for pool in again.pools] == [3, 3]
    smaller = made(1e-3, Adam, pool_size=2)
    with pytest.raises(ValueError, match=r"pools of \[3, 3\] images do not fit those of \[2, 2\]"):
        smaller.load(path)


def test_it_learns(quick, tmp_path):
    options = {"width": 4, "blocks": 1, "d_width": 8, "verbose": 0}
    model, metrics = cyclegan.train(steps=60, batch_size=24, identity_steps=1, **options)
    losses = model.history.history["cycle_loss"]
    assert losses[-1] < 0.7 * losses[0]
    assert metrics["cycle_error"] < metrics["identity_cycle_error"]
    assert metrics["g_error"] < np.abs(DATA.x_test - DATA.y_test).mean()
    assert "the truth" in cyclegan.report(model)
    cyclegan.pictures(model, tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {"losses", "cycles", "identity", "film"}
    assert cyclegan.sample(model, 5).shape == (5, 16, 16, 1)
    assert not pyplot.get_fignums()


def test_photographs(quick, tmp_path):
    options = {"domain": "photographs", "width": 1, "blocks": 1, "d_width": 1, "verbose": 0}
    model, metrics = cyclegan.train(steps=1, batch_size=120, reflect=True, **options)
    assert list(metrics) == ["cycle_error"] and 0 < metrics["cycle_error"] < 4
    assert "no pairs" in cyclegan.report(model, "photographs")
    cyclegan.pictures(model, tmp_path, "photographs")
    assert {path.stem for path in tmp_path.iterdir()} == {"losses", "cycles", "film"}
    assert cyclegan.sample(model, 20).shape == (20, 32, 32, 3)


def test_one_seed_gives_the_same_bits(quick):
    runs = [
        cyclegan.train(steps=1, batch_size=240, identity=1.0, identity_steps=0, verbose=0, **SMALL)[
            1
        ]
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_scores_of_the_truth_and_of_a_constant(quick):
    _, judge_y = cyclegan.judges()
    y = DATA.y_test
    best = cyclegan.scores("g", y, y, judge_y)
    assert best["g_kept"] == judge_y.accuracy > 0.6
    assert best["g_found"] > 0.99 and best["g_error"] == 0
    worst = cyclegan.scores("g", np.full_like(y, -1), y, judge_y)
    assert worst["g_kept"] < 0.2 and worst["g_found"] < 0.01


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, message",
    [
        (DATA.x[:4], r"images of two domains: fit\(Unpaired\(x, y, batch_size=16\)\)"),
        ((DATA.x[:4], DATA.y[:4], np.ones(4)), "images of two domains"),
        (
            (DATA.x[:4], DATA.y[:4, :8]),
            r"images \(16, 16, 1\) in X and \(8, 16, 1\) in Y: .*resize",
        ),
        ((DATA.x[:4], (DATA.y[:4] + 1) * 127.5), r"cyclegan: pixels in .*\.\.255: .*in -1\.\.1"),
        ((DATA.x[:4] * 127.5, DATA.y[:4]), r"cyclegan: pixels in -127\.5\.\.127\.5"),
    ],
)
def test_data_that_is_refused_leaves_the_weights_as_they_were(data, message):
    model = made()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.train_step(data)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_batches_that_are_all_dark_or_all_bright_are_none_of_them():
    model = made()
    images = DATA.x[:2]
    logs = model.train_step((images / 4 - 0.75, images / 4 + 0.75))
    assert np.isfinite(list(logs.values())).all()


def test_other_errors():
    with pytest.raises(ValueError, match="0 images in X, 3 in Y: both need some"):
        Unpaired(np.zeros((0, 4, 4, 1)), np.zeros((3, 4, 4, 1)))
    with pytest.raises(ValueError, match=r"cyclegan: pixels in 0\.\.1: .*images in -1\.\.1"):
        Unpaired((DATA.x + 1) / 2, DATA.y)
    with pytest.raises(ValueError, match="4 convolutions of stride 2 leave one pixel of 8x8"):
        make_discriminator((8, 8, 1))
    with pytest.raises(ValueError, match="a pool of 0 images has nothing to give back"):
        cyclegan.build(pool_size=0)
