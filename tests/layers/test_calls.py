"""What `call` is given: the training mode and masks, as its signature asks for them."""

import gc
import warnings
import weakref

import numpy as np
import pytest

import minigrad
from minigrad import Model, Sequential, Tensor, ops
from minigrad.layers import (
    LSTM,
    RNN,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Lambda,
    Layer,
    TimeDistributed,
    calls,
)

from .helpers import assert_close, values

X = np.ones((4, 6), "float32")
IDS = np.array([[3, 1, 4, 0, 0], [5, 2, 6, 1, 0]])


def drops(y):
    """True if dropout was at work in y."""
    return bool((values(y) == 0).any())


# ---- training ------------------------------------------------------------------------------------


class ByDefaultFalse(Layer):
    def __init__(self):
        super().__init__()
        self.drop = Dropout(0.5)
        self.seen = []

    def call(self, x, training=False):
        self.seen.append(training)
        return self.drop(x, training=training)


class ByDefaultNone(ByDefaultFalse):
    def call(self, x, training=None):
        return super().call(x, training)


class Required(ByDefaultFalse):
    def call(self, x, training):
        return super().call(x, training=training)


class ByKeyword(ByDefaultFalse):
    def call(self, x, *, training=False):
        return super().call(x, training=training)


class ByOptions(ByDefaultFalse):
    def call(self, x, **options):
        return super().call(x, training=options["training"])


class InTheMiddle(ByDefaultFalse):
    def call(self, x, training=False, factor=1.0):
        return super().call(x, training=training) * factor


class Inherited(ByDefaultFalse):
    pass


class Nested(ByDefaultFalse):
    def __init__(self):
        super().__init__()
        self.inner = ByDefaultFalse()

    def call(self, x):
        self.seen.append(minigrad.layers.is_training())
        return self.inner(x)


FORMS = [
    ByDefaultFalse,
    ByDefaultNone,
    Required,
    ByKeyword,
    ByOptions,
    InTheMiddle,
    Inherited,
    Nested,
]


@pytest.mark.parametrize("form", FORMS)
def test_the_training_mode_reaches_call(form, xp):
    minigrad.seed(0)
    layer = form()
    model = Sequential(layer, Dense(1))
    model.compile("sgd", "mse")
    x = xp.asarray(X)
    for run, expected in (
        (lambda: model.fit(x, x[:, :1], verbose=0), True),
        (lambda: model.train_on_batch(x, x[:, :1]), True),
        (lambda: model.evaluate(x, x[:, :1]), False),
        (lambda: model.predict(x), False),
        (lambda: model(x), False),
        (lambda: model(x, training=True), True),
    ):
        layer.seen.clear()
        run()
        assert layer.seen and set(layer.seen) == {expected}
    assert drops(layer(x, training=True)) and not drops(layer(x))
    with minigrad.training():
        assert drops(layer(x)) and not drops(layer(x, training=False))


def test_explicit_modes_hold_inside_and_by_position():
    for layer in (ByDefaultFalse(), InTheMiddle(), Required()):
        assert drops(layer(X, True)) and not drops(layer(X, False))
        with minigrad.training():
            assert not drops(layer(X, False)) and drops(layer(X))
    assert InTheMiddle()(X, False, 3.0).numpy().max() == 3

    class Asks(Layer):
        def __init__(self):
            super().__init__()
            self.drop = Dropout(0.5)

        def call(self, x, training=False):
            return self.drop(x)  # says nothing: the mode of this call holds

    assert drops(Asks()(X, training=True)) and drops(Asks()(X, True)) and not drops(Asks()(X))


def test_a_default_of_true_is_the_mode_where_nobody_says_another():
    class Always(Layer):
        def __init__(self):
            super().__init__()
            self.drop = Dropout(0.5)

        def call(self, x, training=True):
            return self.drop(x)

    layer = Always()
    assert drops(layer(X)) and not drops(layer(X, training=False))
    model = Sequential(layer)
    assert not drops(model.predict(X))  # predict says False
    with minigrad.training(False):
        assert not drops(layer(X))
    assert not minigrad.layers.is_training()


def test_further_arguments_of_a_lambda():
    layer = Lambda(lambda x, factor, power=1: factor * x**power, (2,), arguments={"factor": 3.0})
    assert values(layer(np.array([[1.0, 2.0]]))).tolist() == [[3.0, 6.0]]


def test_the_mode_reaches_subclassed_models_cells_and_functions():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.block, self.head = ByDefaultFalse(), Dense(1)

        def call(self, x, training=None):
            return self.head(self.block(x, training=training))

    class Cell(Layer):
        state_size = 3

        def __init__(self):
            super().__init__()
            self.seen = []

        def call(self, x, states, training=False):
            self.seen.append(training)
            return states[0] + 1, [states[0] + 1]

    model = Net()
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    assert set(model.block.seen) == {True}
    model.predict(X)
    assert model.block.seen[-1] is False
    for wrap in (RNN, lambda cell: TimeDistributed(RNN(cell))):
        cell = Cell()
        layer = wrap(cell)
        sequences = np.ones((2, 3, 2) if isinstance(layer, RNN) else (2, 3, 3, 2), "float32")
        layer(sequences)
        assert set(cell.seen) == {False}
        layer(sequences, training=True)
        assert cell.seen[-1] is True
    function = Lambda(lambda x, training: x * (2.0 if training else 1.0))
    assert function(X).numpy().max() == 1 and function(X, training=True).numpy().max() == 2


def test_the_signature_is_read_once_per_class(monkeypatch):
    layer = ByDefaultFalse()

    def refuse(*_):
        raise AssertionError("the signature was read in a call")

    monkeypatch.setattr(calls.inspect, "signature", refuse)
    layer(X)
    assert Dense._call_signature is None


# ---- masks of tensors ----------------------------------------------------------------------------


class Keeps(Layer):
    """A layer of the user's own that treats each step by itself."""

    def __init__(self):
        super().__init__()
        self.supports_masking = True

    def call(self, x):
        return x * 2.0


class Uses(Layer):
    """Takes the mask, as Keras's guide writes it."""

    def __init__(self):
        super().__init__()
        self.supports_masking = True

    def call(self, inputs, mask=None):
        real = mask[..., None].astype(inputs.dtype) if mask is not None else 1.0
        return inputs * real


class Halves(Layer):
    """Two outputs, each with its half of the mask."""

    def call(self, inputs):
        return [inputs[:, :2], inputs[:, 2:]]

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else [mask[:, :2], mask[:, 2:]]


class Makes(Layer):
    def call(self, x):
        return x

    def compute_mask(self, x, mask=None):
        return ops.any(x != 0, axis=-1)


def masked(xp=np):
    """(the output of an embedding, which has a mask; the mask)."""
    return Embedding(7, 4, mask_zero=True)(xp.asarray(IDS)), IDS != 0


def same_mask(y, mask):
    return y.mask is not None and (minigrad.to_cpu(y.mask) == mask).all()


def test_a_mask_belongs_to_a_tensor_and_ops_drop_it(xp):
    x, mask = masked(xp)
    assert same_mask(x, mask) and x._keras_mask is x.mask
    assert minigrad.backend.backend(x.mask) is minigrad.backend.backend(x.data)
    for y in (x + 1, x[:, :2], x.detach(), ops.tanh(x), x.reshape((2, -1)), Tensor(x)):
        assert y.mask is None
    assert Embedding(7, 4)(xp.asarray(IDS)).mask is None


def test_layers_of_the_user_carry_use_and_make_masks(xp):
    x, mask = masked(xp)
    assert same_mask(Keeps()(x), mask) and Keeps()(x + 0).mask is None
    assert not values(Uses()(x))[~mask].any() and values(Uses()(x))[mask].all()
    assert same_mask(Uses()(x), mask)
    first, second = Halves()(x)
    assert same_mask(first, mask[:, :2]) and same_mask(second, mask[:, 2:])
    made = Makes()
    zeroed = xp.asarray(values(x) * mask[..., None])
    assert same_mask(made(zeroed), mask)
    other = Tensor(np.ones((2, 5, 4)))
    assert same_mask(made(other), True) and other.mask is None  # the input stays as it was


def test_an_output_that_is_the_input_gets_its_mask_in_a_tensor_of_its_own():
    x, mask = masked()
    y = Makes()(x)
    assert y is not x and same_mask(y, True) and same_mask(x, mask)
    leaf = Tensor(np.ones((2, 5, 4)), requires_grad=True)
    ops.sum(Makes()(leaf) * 3.0).backward()
    assert (leaf.grad == 3).all()


def test_a_mask_given_by_hand_stands_for_that_of_the_input():
    x, mask = masked()
    plain = x + 0
    assert same_mask(Keeps()(plain, mask=mask.tolist()), mask) and plain.mask is None
    assert same_mask(Dense(2)(plain, mask=mask), mask)
    assert same_mask(LSTM(2, return_sequences=True)(plain, mask=mask.astype("int64")), mask)
    model = Sequential(Keeps(), LSTM(3))
    assert_close(model(plain, mask=mask), model(x))
    assert abs(values(model(plain)) - values(model(x))).max() > 1e-3
    keep = Uses()
    assert same_mask(keep(plain, mask), mask)


def test_masks_of_further_inputs_go_by_their_names():
    class Joins(Layer):
        def call(self, x, memory, other=None, mask=None, memory_mask=None, other_mask=None):
            self.seen = mask, memory_mask, other_mask
            return x

    x, mask = masked()
    layer = Joins()
    layer(x, x + 0, other=x)
    assert (layer.seen[0] == mask).all() and layer.seen[1] is None
    assert layer.seen[2] is x.mask
    layer(x + 0, x)
    assert layer.seen[0] is None and layer.seen[1] is x.mask
    layer(x + 0, x + 0, x + 0, None, mask)
    assert layer.seen[1] is mask

    class Merges(Layer):
        def call(self, inputs, mask=None):
            self.seen = mask
            return inputs[0] + inputs[1]

        def compute_mask(self, inputs, mask=None):
            return mask and mask[0]

    merge = Merges()
    assert same_mask(merge([x, x + 0]), mask)
    assert merge.seen[0] is x.mask and merge.seen[1] is None
    assert merge([x + 0, x + 0]).mask is None and merge.seen is None


def test_states_leave_the_mask_of_the_input_in_force():
    x, mask = masked()
    layer = LSTM(3, return_sequences=True)
    zeros = np.zeros((2, 3), "float32")
    y = layer(x, initial_state=[zeros, zeros])
    assert same_mask(y, mask)
    assert_close(values(y)[0, :3], layer(x[:1, :3])[0])


def test_a_composed_layer_needs_nothing_for_its_output_to_have_a_mask():
    class Block(Layer):
        def __init__(self):
            super().__init__()
            self.dense, self.drop = Dense(4), Dropout(0.1)

        def call(self, x):
            return self.drop(self.dense(x))

    class Net(Model):
        def __init__(self):
            super().__init__()
            self.embedding = Embedding(7, 4, mask_zero=True)
            self.block = Block()
            self.lstm = Bidirectional(LSTM(3, return_sequences=True))

        def call(self, ids):
            return self.lstm(self.block(self.embedding(ids)))

    net = Net()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same_mask(net(IDS), IDS != 0)
        assert same_mask(Sequential(net, Sequential(Dense(2)))(IDS), IDS != 0)
    assert_close(values(net(IDS))[0, :3], net(IDS[:1, :3])[0])


def test_a_layer_that_ends_a_mask_warns_once():
    class Mixes(Layer):
        def call(self, x):
            return ops.flip(x, axis=1)

    x, _ = masked()
    layer = Mixes()
    with pytest.warns(UserWarning, match="mixes: Mixes ignores the mask .* supports_masking"):
        assert layer(x).mask is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(x)
        Mixes()(x + 0)


def test_a_mask_goes_with_its_tensor():
    class Array(np.ndarray):
        pass

    gc.collect()
    gc.disable()
    try:
        x, _ = masked()
        y = Dense(2)(x)
        mask = y.mask.view(Array)
        y.mask = mask
        gone = weakref.ref(mask)
        loss = ops.sum(y)
        del y, mask
        assert gone() is None  # neither the graph nor a cycle holds it
        loss.backward()
    finally:
        gc.enable()
