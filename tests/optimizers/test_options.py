"""Averages, gradients of several calls, a scaled loss, parameters without decay."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import minigrad
from minigrad import Parameter, layers, optimizers
from minigrad.backend import to_cpu
from minigrad.callbacks import Callback, SwapEMAWeights
from minigrad.optimizers import SGD, Adam, AdamW

KINDS = ["SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "Nadam", "Lion"]
G = np.array([1.0, -2.0])


def trajectory(optimizer, calls=6, xp=np):
    """The parameter after each call, from (1, 2), with gradients G, 2 G, 3 G ..."""
    p = Parameter(xp.asarray([1.0, 2.0], "float32"))
    path = []
    for i in range(calls):
        optimizer.apply([xp.asarray(G * (i + 1), "float32")], [p])
        path.append(to_cpu(p.data).tolist())
    return np.array(path), p


def test_averages(xp):
    """The figures are Keras's."""
    optimizer = SGD(0.1, use_ema=True, ema_momentum=0.5)
    path, p = trajectory(optimizer, xp=xp)
    np.testing.assert_allclose(path[:, 0], [0.9, 0.7, 0.4, 0, -0.5, -1.1], atol=1e-6)
    optimizer.finalize_variable_values([Parameter(np.ones(2))])
    np.testing.assert_allclose(to_cpu(p.data), [-1.1, 6.2], rtol=1e-6)
    optimizer.finalize_variable_values()
    np.testing.assert_allclose(to_cpu(p.data), [-0.6, 5.2], rtol=1e-6)


def test_parameters_become_their_averages():
    path, _ = trajectory(SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3))
    np.testing.assert_allclose(path[:, 0], [0.9, 0.7, 0.6, 0.2, -0.3, -0.425], atol=1e-6)


def test_gradients_of_several_calls(xp):
    optimizer = SGD(0.1, gradient_accumulation_steps=3)
    path, _ = trajectory(optimizer, xp=xp)
    np.testing.assert_allclose(path[:, 0], [1, 1, 0.8, 0.8, 0.8, 0.3], rtol=1e-6)
    assert optimizer.iterations == 2 and optimizer.calls == 6
    path, _ = trajectory(Adam(0.1, gradient_accumulation_steps=2))
    np.testing.assert_allclose(path[1::2, 0], [0.9, 0.80522, 0.71099], rtol=1e-5)
    path, _ = trajectory(SGD(0.1, clipnorm=1.0, gradient_accumulation_steps=2))
    np.testing.assert_allclose(path[1::2, 0], [0.95528, 0.91056, 0.86584], rtol=1e-5)


def test_averages_of_gradients_of_several_calls():
    options = {"use_ema": True, "ema_momentum": 0.5, "gradient_accumulation_steps": 2}
    optimizer = SGD(0.1, **options)
    _, p = trajectory(optimizer)
    optimizer.finalize_variable_values()
    np.testing.assert_allclose(p.numpy(), [0.26875, 3.4625], rtol=1e-5)
    path, _ = trajectory(SGD(0.1, ema_overwrite_frequency=2, **options))
    np.testing.assert_allclose(path[1::2, 0], [0.85, 0.675, 0.125], rtol=1e-5)


def test_a_schedule_counts_calls():
    schedule = optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    path, _ = trajectory(SGD(schedule, gradient_accumulation_steps=2))
    np.testing.assert_allclose(path[1::2, 0], [0.925, 0.88125, 0.8640625], rtol=1e-6)


def test_a_parameter_without_gradient_stays_while_others_accumulate():
    a, b = Parameter(np.ones(2)), Parameter(np.ones(2))
    optimizer = SGD(0.1, momentum=0.9, gradient_accumulation_steps=2)
    for _ in range(4):
        optimizer.apply([G, None], [a, b])
    assert b.numpy().tolist() == [1, 1] and a.numpy().tolist() != [1, 1]


def test_scaled_losses():
    optimizer = SGD(0.1, loss_scale_factor=4.0)
    assert optimizer.scale_loss(2.0) == 8 and SGD().scale_loss(2.0) == 2
    path, _ = trajectory(optimizer, 2)
    np.testing.assert_allclose(path[:, 0], [0.975, 0.925], rtol=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_a_scale_changes_nothing_in_fit(name):
    """4 is a power of 2, so that not a bit differs."""
    plain, scaled = (
        fitted(getattr(optimizers, name)(0.05, **options))
        for options in ({}, {"loss_scale_factor": 4.0})
    )
    for a, b in zip(plain.get_weights(), scaled.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def model_with(optimizer):
    minigrad.seed(0)
    model = minigrad.Sequential([layers.Input((3,)), layers.Dense(2), layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


def data(n=12):
    draw = np.random.default_rng(0)
    return draw.standard_normal((n, 3)), draw.standard_normal((n, 1))


def fitted(optimizer, epochs=2, **options):
    model = model_with(optimizer)
    model.fit(*data(), batch_size=4, epochs=epochs, shuffle=False, verbose=0, **options)
    return model


def test_fit_ends_with_the_averages():
    class Last(Callback):
        def on_epoch_end(self, epoch, logs):
            self.weights = self.model.get_weights()

    last = Last()
    model = fitted(Adam(0.1, use_ema=True, ema_momentum=0.5), callbacks=[last])
    averages = [arrays[0] for arrays in model.optimizer.options.arrays]
    for w, average, before in zip(model.get_weights(), averages, last.weights, strict=True):
        np.testing.assert_array_equal(w, average)
        assert (w != before).any()
    same = fitted(Adam(0.1), callbacks=[last])
    for w, before in zip(same.get_weights(), last.weights, strict=True):
        np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize("name", KINDS)
def test_training_goes_on_bit_for_bit_from_a_checkpoint(name, tmp_path):
    """Saved between two of three calls, so that a sum is on its way."""

    def make():
        options = {"gradient_accumulation_steps": 3, "use_ema": True, "ema_momentum": 0.5}
        return getattr(optimizers, name)(0.05, ema_overwrite_frequency=2, **options)

    whole, first = model_with(make()), model_with(make())
    batches = [data(4) for _ in range(7)]
    for i, batch in enumerate(batches):
        whole.train_on_batch(*batch)
        if i < 4:
            first.train_on_batch(*batch)
    first.save(tmp_path / "state.safetensors")
    second = model_with(make())
    second.load(tmp_path / "state.safetensors")
    assert second.optimizer.calls == 4 and second.optimizer.options.waiting == 1
    for batch in batches[4:]:
        second.train_on_batch(*batch)
    for model in (whole, second):
        model.optimizer.finalize_variable_values()
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


def test_a_checkpoint_of_other_options_is_refused(tmp_path):
    fitted(Adam(use_ema=True)).save(tmp_path / "state.safetensors")
    with pytest.raises(ValueError, match=r"\('m', 'v', 'average'\), the model has 'adam' with"):
        model_with(Adam()).load(tmp_path / "state.safetensors")


def test_a_copy_goes_on_by_itself():
    optimizer = Adam(0.1, use_ema=True, ema_momentum=0.5, gradient_accumulation_steps=2)
    trajectory(optimizer, 3)
    twin = copy.deepcopy(optimizer)
    before = [a.copy() for arrays in optimizer.state() for a in arrays]
    twin.apply([G], twin.parameters)
    for a, b in zip(before, [a for x in optimizer.state() for a in x], strict=True):
        np.testing.assert_array_equal(a, b)
    assert (twin.calls, optimizer.calls) == (4, 3)


def test_parameters_that_join_begin_as_their_averages():
    optimizer = SGD(0.1, use_ema=True, ema_momentum=0.5)
    a, b = Parameter(np.ones(2)), Parameter(np.full(2, 8.0))
    optimizer.apply([G], [a])
    optimizer.apply([G, np.full(2, 10.0)], [a, b])
    optimizer.finalize_variable_values()
    np.testing.assert_allclose(b.numpy(), 7.5)  # between 8 and 7


def test_half_precision_is_averaged_and_summed_in_float32():
    p = Parameter(np.ones(2, "float16"), dtype="float16")
    optimizer = SGD(0.1, use_ema=True, ema_momentum=0.9, gradient_accumulation_steps=2)
    for _ in range(2):
        optimizer.apply([np.full(2, 40000.0, "float16")], [p])  # their sum is no float16
    assert {a.dtype.name for a in optimizer.state()[0]} == {"float32"}
    np.testing.assert_allclose(p.numpy(), -3999, rtol=1e-3)


def test_parameters_without_decay():
    a, b = Parameter(np.ones(2), name="kernel"), Parameter(np.ones(2), name="bias")
    optimizer = AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.apply([np.zeros(2)] * 2, [a, b])
    np.testing.assert_allclose([a.numpy()[0], b.numpy()[0]], [0.95, 1])
    optimizer = SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[a])
    optimizer.apply([np.zeros(2), None], [a, b])
    optimizer.apply([np.zeros(2)] * 2, [a, b])
    np.testing.assert_allclose([a.numpy()[0], b.numpy()[0]], [0.95, 0.95])
    with pytest.raises(ValueError, match="comes before the first step"):
        optimizer.exclude_from_weight_decay(var_list=[b])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"use_ema": True, "ema_momentum": 1.5}, r"ema_momentum must be in \[0, 1\], got 1.5"),
        (
            {"ema_overwrite_frequency": 0},
            "ema_overwrite_frequency of SGD must be a whole number, 1",
        ),
        ({"gradient_accumulation_steps": 1}, "steps of SGD must be a whole number, 2 or more"),
        ({"gradient_accumulation_steps": 2.5}, "steps of SGD must be a whole number, 2 or more"),
        ({"loss_scale_factor": 0.0}, "loss_scale_factor must be above 0, got 0.0"),
    ],
)
def test_settings_that_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SGD(0.1, **options)


def test_nothing_is_kept_without_options():
    assert SGD().options is None and SGD(ema_momentum=0.5).options is None
    assert SGD(use_ema=True).state_names == ("average",)


# ---- SwapEMAWeights ------------------------------------------------------------------------------


class Recorder(Callback):
    """The weights in validation, and at the end of each epoch before and after other callbacks."""

    def __init__(self):
        self.validated, self.ended = [], []

    def on_test_batch_end(self, batch, logs):
        self.validated.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs):
        self.ended.append(self.model.get_weights())


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_validation_uses_the_averages():
    plain, swapped = Recorder(), Recorder()
    options = {"validation_data": data(4), "epochs": 2}
    fitted(Adam(0.1, use_ema=True, ema_momentum=0.5), callbacks=[plain], **options)
    callbacks = [SwapEMAWeights(), swapped]
    model = fitted(Adam(0.1, use_ema=True, ema_momentum=0.5), callbacks=callbacks, **options)
    assert equal(plain.validated[1], plain.ended[1]) and equal(plain.ended[1], swapped.ended[1])
    assert not equal(swapped.validated[1], swapped.ended[1])
    assert equal(swapped.validated[1], model.get_weights())  # the averages, with which fit ends


def test_the_averages_are_there_at_the_end_of_an_epoch():
    plain, swapped = Recorder(), Recorder()
    fitted(Adam(0.1, use_ema=True, ema_momentum=0.5), callbacks=[plain])
    callbacks = [SwapEMAWeights(swap_on_epoch=True), swapped]
    model = fitted(Adam(0.1, use_ema=True, ema_momentum=0.5), callbacks=callbacks)
    assert not equal(plain.ended[0], swapped.ended[0])
    assert equal(swapped.ended[1], model.get_weights())


def test_swapping_needs_averages():
    with pytest.raises(ValueError, match="SwapEMAWeights needs averages: compile with Adam.*use_e"):
        fitted(Adam(), callbacks=[SwapEMAWeights()])
