"""The mistakes: several per rule of the watcher, each as a user would make it.

A mistake is a function that changes a drawn setup and may return where it stands, the name of a
layer that the finding has to mention. `@mistake(rule)` puts it into MISTAKES; `when` says which
setups it can be planted in, `also` which other rules name the same fault, so that either counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad
from minigrad import initializers, losses, ops, optimizers
from minigrad.layers import Activation, BatchNormalization, Dense, Dropout, Lambda, Softmax
from minigrad.optimizers.schedules import ExponentialDecay

from .setups import Setup, Written, one_hot, raw_tumors, run_through, softmax_by_hand

Plant = Callable[[Setup, np.random.Generator], "str | None"]
Condition = Callable[[Setup], bool]


@dataclass(frozen=True)
class Mistake:
    """A way to make a mistake, and the rule that has to find it."""

    rule: str
    plant: Plant
    when: Condition
    also: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.plant.__name__.replace("_", " ")


MISTAKES: list[Mistake] = []


def anything(setup: Setup) -> bool:
    return True


def of_classes(setup: Setup) -> bool:
    return setup.task == "classes"


def binary(setup: Setup) -> bool:
    return setup.task == "binary"


def regression(setup: Setup) -> bool:
    return setup.task == "regression"


def labeled(setup: Setup) -> bool:
    return setup.task != "regression"


def numeric(setup: Setup) -> bool:
    return setup.data != "texts"


def recurrent(setup: Setup) -> bool:
    return setup.network in ("lstm", "gru")


def own_loop(setup: Setup) -> bool:
    return setup.style in ("grad", "tape", "backward")


def both(*conditions: Condition) -> Condition:
    return lambda setup: all(condition(setup) for condition in conditions)


def mistake(
    rule: str, when: Condition = anything, also: tuple[str, ...] = ()
) -> Callable[[Plant], Plant]:
    """Put a function into MISTAKES, as a way to break what `rule` looks at."""

    def add(plant: Plant) -> Plant:
        MISTAKES.append(Mistake(rule, plant, when, also))
        return plant

    return add


def ends_in(*activations: str | None) -> Callable[[int], list[Any]]:
    """Output layers: a Dense layer with the first activation, then the others as layers."""

    def output(classes: int) -> list[Any]:
        first, *others = activations
        return [Dense(classes, activation=first, name="output"), *map(Activation, others)]

    return output


# ---- output and loss -----------------------------------------------------------------------------


@mistake("probabilities_to_logits_loss", of_classes)
def softmax_and_a_loss_on_logits(setup, rng):
    setup.output = ends_in("softmax")
    setup.loss = losses.SparseCategoricalCrossentropy(from_logits=True)


@mistake("probabilities_to_logits_loss", of_classes)
def softmax_layer_and_a_one_hot_loss_on_logits(setup, rng):
    one_hot(setup)
    classes = setup.y.shape[1]
    setup.output = lambda _: [Dense(classes, name="output"), Softmax()]
    setup.loss = losses.CategoricalCrossentropy(from_logits=True)


@mistake("probabilities_to_logits_loss", binary)
def sigmoid_and_a_loss_on_logits(setup, rng):
    setup.output = ends_in("sigmoid")
    setup.loss = losses.BinaryCrossentropy(from_logits=True)


@mistake("probabilities_to_logits_loss", of_classes)
def softmax_written_out_and_a_loss_on_logits(setup, rng):
    setup.output = lambda classes: [Dense(classes, name="output"), Lambda(softmax_by_hand)]
    setup.loss = losses.SparseCategoricalCrossentropy(from_logits=True)


@mistake("logits_to_probability_loss", of_classes)
def no_softmax_and_a_loss_on_probabilities(setup, rng):
    setup.output = ends_in(None)
    setup.loss = losses.SparseCategoricalCrossentropy()


@mistake("logits_to_probability_loss", of_classes)
def no_softmax_and_a_one_hot_loss(setup, rng):
    one_hot(setup)
    classes = setup.y.shape[1]
    setup.output = lambda _: [Dense(classes, name="output")]
    setup.loss = losses.CategoricalCrossentropy()


@mistake("logits_to_probability_loss", binary)
def no_sigmoid_and_binary_crossentropy(setup, rng):
    setup.output = ends_in(None)
    setup.loss = losses.BinaryCrossentropy()


@mistake("logits_to_probability_loss", binary)
def tanh_and_binary_crossentropy(setup, rng):
    setup.output = ends_in("tanh")
    setup.loss = losses.BinaryCrossentropy()


@mistake("logits_to_probability_loss", of_classes, also=("dead_relu", "constant_prediction"))
def relu_scores_and_a_loss_on_probabilities(setup, rng):
    setup.output = ends_in("relu")
    setup.loss = losses.SparseCategoricalCrossentropy()


@mistake("softmax_twice", of_classes)
def softmax_in_the_layer_and_after_it(setup, rng):
    setup.output = lambda classes: [Dense(classes, activation="softmax", name="output"), Softmax()]
    setup.loss = losses.SparseCategoricalCrossentropy()


@mistake("softmax_twice", of_classes)
def softmax_in_the_layer_and_in_call(setup, rng):
    setup.output = ends_in("softmax")
    setup.loss = losses.SparseCategoricalCrossentropy()
    setup.call_layers = lambda layers, x: ops.softmax(run_through(layers, x))


@mistake("softmax_twice", both(of_classes, own_loop))
def softmax_in_the_model_and_before_the_loss(setup, rng):
    setup.output = ends_in("softmax")

    def loss(y, p):
        return losses.SparseCategoricalCrossentropy()(y, ops.softmax(p))

    setup.loss = loss


@mistake("softmax_twice", of_classes)
def softmax_dropout_softmax(setup, rng):
    setup.output = lambda classes: [
        Dense(classes, activation="softmax", name="output"),
        Dropout(0.1),
        Activation("softmax"),
    ]
    setup.loss = losses.SparseCategoricalCrossentropy()


@mistake("softmax_over_one_unit", binary, also=("constant_prediction",))
def softmax_of_one_unit(setup, rng):
    setup.output = ends_in("softmax")
    setup.loss = losses.BinaryCrossentropy()
    return "output"


@mistake("softmax_over_one_unit", binary)
def softmax_layer_on_one_unit_and_mse(setup, rng):
    setup.output = lambda classes: [Dense(1, name="output"), Softmax()]
    setup.loss = losses.MeanSquaredError()


@mistake("softmax_over_one_unit", lambda s: recurrent(s) and numeric(s))
def attention_over_the_wrong_axis(setup, rng):
    """Scores (N, T, 1) of the steps, and a softmax over the last axis instead of over time."""
    setup.options["bidirectional"] = False

    def attend(layers, x):
        states = layers[0](x)  # (N, T, units)
        weights = ops.softmax(layers[-1](states))  # (N, T, 1)
        return run_through(layers[1:-1], ops.sum(weights * states, axis=1))

    def with_scores(made):
        made[0].return_sequences = True
        return [*made, Dense(1, name="scores")]

    setup.change_layers.append(with_scores)
    setup.call_layers = attend


# ---- labels --------------------------------------------------------------------------------------


def as_numbers(setup: Setup) -> None:
    """Class numbers (N, 1) as targets of one output."""
    setup.y, setup.y_val = (y.astype("f")[:, None] for y in (setup.y, setup.y_val))


@mistake("label_encoding", of_classes)
def class_numbers_as_a_regression(setup, rng):
    as_numbers(setup)
    setup.output = lambda _: [Dense(1, name="output")]
    setup.loss = losses.MeanSquaredError()


@mistake("label_encoding", binary, also=("labels_out_of_domain",))
def signs_for_a_sigmoid(setup, rng):
    setup.y, setup.y_val = 2 * setup.y - 1, 2 * setup.y_val - 1
    setup.output = ends_in("sigmoid")
    setup.loss = losses.MeanSquaredError()


@mistake("label_encoding", of_classes, also=("class_never_predicted",))
def classes_counted_from_one(setup, rng):
    setup.y, setup.y_val = setup.y + 1, setup.y_val + 1


@mistake("label_encoding", of_classes)
def one_hot_rows_for_class_numbers(setup, rng):
    """An error says so, and the watcher too."""
    classes = setup.classes
    one_hot(setup)
    setup.output = lambda _: [Dense(classes, activation="softmax", name="output")]
    setup.loss = losses.SparseCategoricalCrossentropy()


@mistake("label_encoding", of_classes)
def class_numbers_for_one_hot_rows(setup, rng):
    setup.output = ends_in("softmax")
    setup.loss = losses.CategoricalCrossentropy()


@mistake("labels_out_of_domain", both(regression, numeric))
def a_sigmoid_for_targets_in_their_units(setup, rng):
    scale = float(rng.choice([30, 100, 250]))
    setup.y, setup.y_val = ((y - setup.y.min()) * scale for y in (setup.y, setup.y_val))
    setup.output = ends_in("sigmoid")


@mistake("labels_out_of_domain", regression)
def a_tanh_for_standardized_targets(setup, rng):
    setup.y, setup.y_val = (y / setup.y.std() for y in (setup.y, setup.y_val))
    setup.output = ends_in("tanh")


@mistake("labels_out_of_domain", regression, also=("dead_relu", "constant_prediction"))
def a_relu_for_targets_below_zero(setup, rng):
    setup.output = ends_in("relu")


@mistake("labels_out_of_domain", binary, also=("label_encoding",))
def one_and_two_in_a_crossentropy_written_out(setup, rng):
    setup.y, setup.y_val = setup.y + 1, setup.y_val + 1
    setup.output = ends_in("sigmoid")
    setup.style = "fit"

    def loss(y, p):
        q = ops.clip(p, min=1e-6, max=1 - 1e-6)
        return -ops.mean(y * ops.log(q) + (1 - y) * ops.log(1 - q))

    setup.loss = loss


@mistake("labels_out_of_domain", of_classes, also=("label_encoding",))
def classes_from_one_and_no_unit_for_the_last(setup, rng):
    """An error says so, and the watcher too."""
    classes = setup.classes
    setup.y, setup.y_val = setup.y + 1, setup.y_val + 1
    setup.output = lambda _: [Dense(classes, activation="softmax", name="output")]
    setup.loss = losses.SparseCategoricalCrossentropy()


# ---- gradients and parameters --------------------------------------------------------------------


def backward_loop(clear: Callable[[int, int, Any], bool]) -> Callable[[Setup, Any], None]:
    """A run with `backward`, which clears p.grad where clear(epoch, step, parameter) says so."""

    def loop(setup: Setup, model: Any) -> None:
        optimizer, loss_of = setup.optimizer(), setup.fitting_loss()
        weights = model.trainable_weights
        for epoch in range(setup.epochs):
            for step, (x, y) in enumerate(setup.batches()):
                for i, p in enumerate(weights):
                    if clear(epoch, step, i):
                        p.grad = None
                with minigrad.training():
                    loss = loss_of(y, model(x))
                loss.backward()
                optimizer.apply([p.grad for p in weights], weights)

    return loop


@mistake("gradients_never_cleared")
def gradients_add_up_over_the_run(setup, rng):
    setup.loop = backward_loop(lambda epoch, step, i: False)


@mistake("gradients_never_cleared")
def gradients_cleared_once_per_epoch(setup, rng):
    setup.loop = backward_loop(lambda epoch, step, i: step == 0)


@mistake("gradients_never_cleared")
def gradients_cleared_of_the_first_layer_alone(setup, rng):
    setup.loop = backward_loop(lambda epoch, step, i: i < 2)


def with_dropout(setup: Setup) -> None:
    setup.change_layers.append(lambda made: [*made[:-1], Dropout(0.3), made[-1]])


@mistake("evaluation_in_training_mode")
def validation_called_with_training_on(setup, rng):
    with_dropout(setup)
    setup.style = str(rng.choice(["train_on_batch", "grad", "tape"]))

    def evaluate(setup, model):
        with minigrad.no_grad():
            setup.fitting_loss()(setup.y_val, model(setup.x_val, training=True))

    setup.after_epoch = evaluate


@mistake("evaluation_in_training_mode")
def validation_inside_the_training_block(setup, rng):
    with_dropout(setup)
    setup.style = str(rng.choice(["train_on_batch", "grad", "backward"]))

    def evaluate(setup, model):
        with minigrad.training():
            scores = model(setup.x_val).numpy()
        np.mean(scores.argmax(-1) == np.ravel(setup.y_val))

    setup.after_epoch = evaluate


@mistake("evaluation_in_training_mode", lambda s: s.style in ("fit", "train_on_batch"))
def a_test_step_with_training_on(setup, rng):
    with_dropout(setup)

    class Wrong(Written):
        def test_step(self, data):
            x, y = data[:2]
            y_pred = self(x, training=True)
            return {"loss": self.compute_loss(x, y, y_pred)}

    def build():
        model = Wrong(setup.layers())
        model(setup.x[:2])
        return model

    setup.build = build


@mistake("unreached_parameters")
def a_layer_that_call_leaves_out(setup, rng):
    def skip(layers, x):
        h = run_through(layers[:-2], x)
        if not layers[-2].built:
            layers[-2](h)
        return layers[-1](h)

    setup.change_layers.append(
        lambda made: [*made[:-1], Dense(setup.width, activation="relu", name="forgotten"), made[-1]]
    )
    setup.call_layers = skip
    return "forgotten"


@mistake("unreached_parameters")
def a_detour_over_data(setup, rng):
    def cut(layers, x):
        h = run_through(layers[:-1], x)
        return layers[-1](minigrad.Tensor(h.data))

    setup.call_layers = cut
    return "words" if setup.data == "texts" else "hidden1"


@mistake("unreached_parameters")
def features_without_gradient(setup, rng):
    def cut(layers, x):
        with minigrad.no_grad():
            h = run_through(layers[:-1], x)
        return layers[-1](h)

    setup.call_layers = cut
    return "words" if setup.data == "texts" else "hidden1"


@mistake("unreached_parameters")
def a_gradient_stopped_on_the_way(setup, rng):
    setup.change_layers.append(lambda made: [*made[:-1], Lambda(ops.stop_gradient), made[-1]])
    return "words" if setup.data == "texts" else "hidden1"


def copied(setup: Setup) -> Any:
    """A second model of the same build."""
    return setup.build()


@mistake("foreign_parameters", also=("updates_too_small",))
def the_optimizer_steps_a_copy(setup, rng):
    def loop(setup, model):
        optimizer, loss_of = setup.optimizer(), setup.fitting_loss()
        others = copied(setup).trainable_weights
        for _ in range(setup.epochs):
            for x, y in setup.batches():
                with minigrad.training():
                    loss = loss_of(y, model(x))
                gradients = minigrad.grad(loss, model.trainable_weights)
                optimizer.apply(gradients, others)

    setup.loop = loop


@mistake("foreign_parameters")
def one_optimizer_for_two_models(setup, rng):
    """The optimizer of a first model, with its moments, goes on with the second."""

    def loop(setup, model):
        optimizer, loss_of = setup.optimizer(), setup.fitting_loss()
        earlier = copied(setup)
        for network, epochs in ((earlier, 1), (model, setup.epochs)):
            weights = network.trainable_weights
            for _ in range(epochs):
                for x, y in setup.batches():
                    with minigrad.training():
                        loss = loss_of(y, network(x))
                    optimizer.apply(minigrad.grad(loss, weights), weights)

    setup.loop = loop


@mistake("foreign_parameters")
def the_parameters_of_both_models(setup, rng):
    """Parameters of a second model stand in the list that the optimizer steps."""

    def loop(setup, model):
        optimizer, loss_of = setup.optimizer(), setup.fitting_loss()
        other = copied(setup)
        weights = [*model.trainable_weights, *other.trainable_weights]
        for _ in range(setup.epochs):
            for x, y in setup.batches():
                with minigrad.training():
                    loss = loss_of(y, model(x))
                gradients = minigrad.grad(loss, weights, unused="none")
                optimizer.apply(gradients, weights)

    setup.loop = loop


@mistake("foreign_parameters", lambda s: s.network != "transformer")
def the_parameters_of_the_last_layer_alone(setup, rng):
    """Fine-tuning code, copied: the other layers are trainable, but nobody steps them."""

    def loop(setup, model):
        optimizer, loss_of = setup.optimizer(), setup.fitting_loss()
        weights = model.trainable_weights[-2:]
        for _ in range(setup.epochs):
            for x, y in setup.batches():
                with minigrad.training():
                    loss = loss_of(y, model(x))
                optimizer.apply(minigrad.grad(loss, weights), weights)

    setup.loop = loop


# ---- the loss over time --------------------------------------------------------------------------


@mistake("diverging_loss", regression, also=("nan_loss",))
def a_loss_with_the_wrong_sign(setup, rng):
    setup.optimizer = lambda: optimizers.Adam(3e-3)
    setup.loss = losses.MeanSquaredError()
    setup.style = "grad"
    setup.loop = lambda setup, model: _ascend(setup, model)


def _ascend(setup: Setup, model: Any) -> None:
    """Steps up the gradient: the loss that is watched is the true one, the step has minus."""
    optimizer, loss_of = setup.optimizer(), setup.fitting_loss()
    weights = model.trainable_weights
    for _ in range(setup.epochs):
        for x, y in setup.batches():
            with minigrad.training():
                loss = loss_of(y, model(x))
            gradients = minigrad.grad(loss, weights)
            optimizer.apply([-g for g in gradients], weights)


@mistake("diverging_loss", labeled, also=("nan_loss",))
def ascent_on_a_classifier(setup, rng):
    setup.optimizer = lambda: optimizers.Adam(3e-3)
    setup.loop = _ascend


@mistake("diverging_loss", both(regression, numeric), also=("nan_loss", "updates_too_large"))
def a_rate_that_makes_a_linear_model_diverge(setup, rng):
    features = int(np.prod(setup.x.shape[1:]))
    rate = float(rng.uniform(3, 6)) / features
    setup.change_layers.append(lambda made: [minigrad.layers.Flatten(), made[-1]])
    setup.optimizer = lambda: optimizers.SGD(rate)


@mistake("diverging_loss", numeric, also=("nan_loss", "updates_too_large"))
def sgd_with_a_far_too_large_rate(setup, rng):
    rate = float(rng.choice([20.0, 100.0]))
    setup.optimizer = lambda: optimizers.SGD(rate, momentum=0.9)
    setup.options["norm"] = "none"


@mistake("nan_loss", both(regression, numeric))
def a_logarithm_of_what_may_be_negative(setup, rng):
    """Mean squared logarithmic error, written without a guard."""
    low = setup.y.min()
    setup.y, setup.y_val = setup.y - low, np.maximum(setup.y_val - low, 0)
    setup.loss = lambda y, p: ops.mean((ops.log(1 + y) - ops.log(p)) ** 2)


@mistake("nan_loss", both(binary, numeric))
def a_crossentropy_without_a_guard(setup, rng):
    """-y log p - (1 - y) log(1 - p) where p becomes 0 or 1: the rate is a little high."""
    setup.output = ends_in("sigmoid")
    setup.optimizer = lambda: optimizers.Adam(0.1)
    setup.options["norm"] = "none"
    setup.x, setup.x_val = 50 * setup.x, 50 * setup.x_val
    setup.loss = lambda y, p: -ops.mean(y * ops.log(p) + (1 - y) * ops.log(1 - p))


@mistake("nan_loss", both(numeric, own_loop))
def a_constant_column_divided_by_its_deviation(setup, rng):
    x, x_val = setup.x.copy(), setup.x_val.copy()
    x[..., 0], x_val[..., 0] = 1, 1
    with np.errstate(all="ignore"):
        deviation = x.std(0)
        setup.x, setup.x_val = (x - x.mean(0)) / deviation, (x_val - x.mean(0)) / deviation


@mistake("nan_loss", numeric)
def a_square_root_at_zero(setup, rng):
    """The norm of the features, whose slope at 0 is infinite: 0 * inf in the backward pass."""
    setup.change_layers.append(
        lambda made: [*made[:-1], Lambda(lambda h: h * ops.sqrt(ops.sum((h - h) ** 2))), made[-1]]
    )


@mistake("nan_loss", lambda s: s.network in ("mlp", "cnn") and of_classes(s))
def exponentials_that_overflow(setup, rng):
    """A softmax without the shift, on inputs of thousands."""

    def overflowing(z):
        e = ops.exp(z)
        return e / ops.sum(e, axis=-1, keepdims=True)

    setup.x, setup.x_val = 3000 * setup.x, 3000 * setup.x_val
    setup.activation = "relu"
    setup.options["norm"] = "none"
    setup.output = lambda classes: [Dense(classes, name="output"), Lambda(overflowing)]
    setup.loss = losses.SparseCategoricalCrossentropy()


# ---- activations ---------------------------------------------------------------------------------


def plain_mlp(setup: Setup) -> bool:
    return setup.network == "mlp"


def with_hidden1(setup: Setup) -> bool:
    return setup.network in ("mlp", "cnn", "cnn1d", "embedding")


@mistake("dead_relu", with_hidden1)
def a_bias_far_below_zero(setup, rng):
    setup.activation = "relu"
    setup.first["bias_initializer"] = initializers.Constant(float(rng.choice([-10.0, -30.0])))
    setup.options["norm"] = "none"
    return "hidden1"


@mistake("dead_relu", both(with_hidden1, lambda s: s.network != "embedding"))
def negative_kernels_on_positive_inputs(setup, rng):
    setup.x, setup.x_val = (
        x - min(setup.x.min(), setup.x_val.min()) for x in (setup.x, setup.x_val)
    )
    setup.activation = "relu"
    setup.first["kernel_initializer"] = initializers.RandomUniform(-0.2, 0.0)
    setup.optimizer = lambda: optimizers.Adam(1e-3)
    setup.options["norm"] = "none"
    return "hidden1"


@mistake("dead_relu", plain_mlp, also=("diverging_loss", "updates_too_large"))
def a_rate_that_kills_the_units(setup, rng):
    setup.activation = "relu"
    setup.options["norm"] = "none"
    setup.optimizer = lambda: optimizers.Adam(1.0)


@mistake("saturated_gates", recurrent)
def recurrent_kernels_far_too_large(setup, rng):
    deviation = float(rng.choice([10.0, 30.0]))
    setup.first["kernel_initializer"] = initializers.RandomNormal(stddev=deviation)
    setup.first["recurrent_initializer"] = initializers.RandomNormal(stddev=deviation)
    setup.options["bidirectional"] = False
    return "hidden1"


@mistake("saturated_gates", both(recurrent, numeric), also=("unscaled_inputs",))
def a_recurrent_layer_on_raw_values(setup, rng):
    setup.x, setup.x_val = 500 * setup.x, 500 * setup.x_val
    setup.options["bidirectional"] = False


@mistake("saturated_gates", recurrent)
def a_gate_bias_far_too_large(setup, rng):
    setup.first["bias_initializer"] = initializers.Constant(20.0)
    setup.options["bidirectional"] = False
    return "hidden1"


# ---- inputs and updates --------------------------------------------------------------------------


@mistake("unscaled_inputs", lambda s: s.data.startswith("digit"))
def pixels_up_to_255(setup, rng):
    low, high = setup.x.min(), setup.x.max()
    setup.x, setup.x_val = ((x - low) / (high - low) * 255 for x in (setup.x, setup.x_val))


@mistake("unscaled_inputs", lambda s: s.data == "tumors")
def measurements_in_their_own_units(setup, rng):
    x, _ = raw_tumors()
    raw = x.mean(0) + x.std(0) * np.concatenate([setup.x_val, setup.x])
    setup.x_val, setup.x = raw[: len(setup.x_val)], raw[len(setup.x_val) :]


@mistake("unscaled_inputs", lambda s: s.data == "diabetes")
def one_column_in_thousands(setup, rng):
    factors = np.ones(setup.x.shape[1], "f")
    factors[rng.integers(len(factors))] = float(rng.choice([1000, 5000]))
    setup.x, setup.x_val = setup.x * factors, setup.x_val * factors


@mistake("unscaled_inputs", lambda s: s.data in ("waves", "trend"))
def a_series_far_from_zero(setup, rng):
    level, scale = float(rng.choice([1000, 2000])), float(rng.choice([10, 100]))
    setup.x, setup.x_val = level + scale * setup.x, level + scale * setup.x_val


@mistake("updates_too_large", also=("diverging_loss", "nan_loss"))
def adam_at_a_rate_for_sgd(setup, rng):
    rate = float(rng.choice([0.3, 0.5, 1.0]))
    setup.optimizer = lambda: optimizers.Adam(rate)


@mistake("updates_too_large", plain_mlp, also=("diverging_loss", "nan_loss"))
def sgd_a_thousand_times_too_fast(setup, rng):
    setup.optimizer = lambda: optimizers.SGD(30.0)


@mistake("updates_too_large", also=("diverging_loss", "nan_loss"))
def a_rate_given_in_percent(setup, rng):
    kind = rng.choice([optimizers.RMSprop, optimizers.AdamW, optimizers.Nadam])
    setup.optimizer = lambda: kind(1.0)


@mistake("updates_too_small")
def adam_at_a_tiny_rate(setup, rng):
    rate = float(rng.choice([1e-7, 1e-8]))
    setup.optimizer = lambda: optimizers.Adam(rate)


@mistake("updates_too_small")
def sgd_at_a_tiny_rate(setup, rng):
    setup.optimizer = lambda: optimizers.SGD(1e-6)


@mistake("updates_too_small")
def a_schedule_that_decays_per_step_not_per_epoch(setup, rng):
    schedule = ExponentialDecay(1e-3, 1, 0.7)
    setup.optimizer = lambda: optimizers.Adam(schedule)


@mistake("updates_too_small", lambda s: s.network == "mlp")
def a_deep_stack_of_sigmoids(setup, rng):
    setup.activation = "sigmoid"
    setup.options.update(depth=10, norm="none", dropout=0.0)
    setup.optimizer = lambda: optimizers.SGD(0.01)


# ---- batches and rows ----------------------------------------------------------------------------


def normalized(setup: Setup) -> bool:
    return setup.network in ("mlp", "lstm", "gru", "embedding")


@mistake("batch_norm_on_one_row", normalized)
def batches_of_one_row(setup, rng):
    setup.options["norm"] = "none"
    setup.change_layers.append(lambda made: [*made[:-1], BatchNormalization(), made[-1]])
    setup.batch_size, setup.epochs = 1, 1
    setup.x, setup.y = setup.x[:150], setup.y[:150]


@mistake("batch_norm_on_one_row", normalized)
def a_last_batch_of_one_row(setup, rng):
    setup.options["norm"] = "none"
    setup.change_layers.append(lambda made: [*made[:-1], BatchNormalization(), made[-1]])
    rows = len(setup.x) // setup.batch_size * setup.batch_size - setup.batch_size + 1
    setup.x, setup.y = setup.x[:rows], setup.y[:rows]


@mistake("validation_in_training")
def validation_on_the_training_rows(setup, rng):
    setup.style = "fit"
    rows = len(setup.x_val)
    setup.fit_options["validation_data"] = (setup.x[:rows], setup.y[:rows])


@mistake("validation_in_training")
def a_split_after_copying_rows(setup, rng):
    """Rows are repeated to balance classes, then split: copies stand on both sides."""
    setup.style = "fit"
    x, y = (np.concatenate(pair) for pair in ((setup.x, setup.x_val), (setup.y, setup.y_val)))
    rows = rng.permutation(
        np.concatenate([np.arange(len(x)), rng.integers(len(x), size=len(x) // 2)])
    )
    setup.x, setup.y = x[rows], y[rows]
    setup.fit_options.update(validation_data=None, validation_split=0.2)


@mistake("validation_in_training")
def a_few_validation_rows_left_in_training(setup, rng):
    setup.style = "fit"
    rows = rng.permutation(len(setup.x_val))[: len(setup.x_val) // 3]
    setup.x = np.concatenate([setup.x, setup.x_val[rows]])
    setup.y = np.concatenate([setup.y, setup.y_val[rows]])


@mistake("sorted_labels", labeled)
def rows_by_class_and_no_shuffle(setup, rng):
    order = np.argsort(np.ravel(setup.y), kind="stable")
    setup.x, setup.y = setup.x[order], setup.y[order]
    setup.shuffle = False


@mistake("sorted_labels", regression)
def targets_in_rising_order_and_no_shuffle(setup, rng):
    order = np.argsort(np.ravel(setup.y))
    setup.x, setup.y = setup.x[order], setup.y[order]
    setup.shuffle = False


@mistake("sorted_labels", labeled)
def batches_of_a_generator_by_class(setup, rng):
    order = np.argsort(np.ravel(setup.y), kind="stable")
    x, y = setup.x[order], setup.y[order]
    setup.style = "fit"
    size = setup.batch_size
    steps = len(x) // size

    def loop(setup, model):
        model.compile(setup.optimizer(), setup.fitting_loss())
        model.fit(endless(), steps_per_epoch=steps, epochs=setup.epochs, verbose=0)

    def endless():
        while True:
            for start in range(0, steps * size, size):
                yield x[start : start + size], y[start : start + size]

    setup.loop = loop


# ---- predictions ---------------------------------------------------------------------------------


@mistake("constant_prediction", lambda s: s.data.startswith("digit"), also=("dead_relu",))
def pixels_lost_in_an_integer_division(setup, rng):
    low = setup.x.min()
    setup.x, setup.x_val = ((x - low) // 255 for x in (setup.x, setup.x_val))


@mistake("constant_prediction", both(labeled, with_hidden1), also=("dead_relu",))
def every_kernel_starts_at_zero(setup, rng):
    setup.activation = "relu"
    setup.options.update(norm="none", dropout=0.0)

    def zeros(made):
        for layer in made:
            if hasattr(layer, "kernel_initializer"):
                layer.kernel_initializer = initializers.Zeros()
        return made

    setup.change_layers.append(zeros)


@mistake("constant_prediction", regression, also=("dead_relu", "labels_out_of_domain"))
def an_output_relu_that_is_dead(setup, rng):
    setup.output = lambda _: [
        Dense(1, "relu", bias_initializer=initializers.Constant(-20.0), name="output")
    ]


@mistake("constant_prediction", both(labeled, numeric))
def the_same_row_read_again_and_again(setup, rng):
    """A loader that forgets its index: every input is the first row."""
    setup.x = np.repeat(setup.x[:1], len(setup.x), 0)
    setup.x_val = np.repeat(setup.x[:1], len(setup.x_val), 0)


@mistake("class_never_predicted", lambda s: of_classes(s) and s.style in ("fit",))
def a_class_of_weight_zero(setup, rng):
    k = int(rng.integers(setup.classes))
    setup.fit_options["class_weight"] = {k: 0.0}


@mistake("class_never_predicted", of_classes, also=("label_encoding",))
def a_class_lost_from_the_training_rows(setup, rng):
    """A filter drops all its rows; those to validate on still have it."""
    keep = setup.y != rng.integers(setup.classes)
    setup.x, setup.y = setup.x[keep], setup.y[keep]


@mistake("class_never_predicted", of_classes, also=("constant_prediction",))
def an_output_bias_far_below_the_others(setup, rng):
    bias = np.zeros(setup.classes, "f")
    bias[rng.integers(len(bias))] = -30.0

    def start(shape, dtype=None):
        return bias.copy()

    setup.output = lambda classes: [
        Dense(classes, bias_initializer=start, name="output"),
        Activation("softmax"),
    ]
    setup.loss = losses.SparseCategoricalCrossentropy()
