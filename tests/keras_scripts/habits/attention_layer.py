"""Attention over the steps of an LSTM: the layers of Keras, and one written by hand."""

import keras
import numpy as np
from keras import layers, ops


class BahdanauAttention(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.W1 = layers.Dense(units)
        self.W2 = layers.Dense(units)
        self.V = layers.Dense(1)

    def call(self, query, values):
        query_with_time_axis = ops.expand_dims(query, 1)
        score = self.V(ops.tanh(self.W1(query_with_time_axis) + self.W2(values)))
        attention_weights = ops.softmax(score, axis=1)
        context_vector = ops.sum(attention_weights * values, axis=1)
        return context_vector, attention_weights


class SimpleAttention(layers.Layer):
    def build(self, input_shape):
        self.W = self.add_weight(name="att_weight", shape=(input_shape[-1], 1))
        self.b = self.add_weight(name="att_bias", shape=(input_shape[1], 1), initializer="zeros")
        super().build(input_shape)

    def call(self, x):
        e = ops.squeeze(ops.tanh(ops.dot(x, self.W) + self.b), axis=-1)
        a = ops.expand_dims(ops.softmax(e), axis=-1)
        return ops.sum(x * a, axis=1)


rng = np.random.default_rng(0)
inputs = layers.Input(shape=(6, 3))
sequence, state_h, _ = layers.LSTM(5, return_sequences=True, return_state=True)(inputs)
context, weights = BahdanauAttention(4)(state_h, sequence)
simple = SimpleAttention()(sequence)
dot = layers.Attention(use_scale=True)([sequence, sequence])
additive = layers.AdditiveAttention()([sequence, sequence])
pooled = [layers.GlobalAveragePooling1D()(t) for t in (dot, additive)]
x = layers.Concatenate()([context, simple, *pooled])
outputs = layers.Dense(1)(x)
model = keras.Model(inputs, [outputs, weights])
trained = keras.Model(inputs, outputs)
model.set_weights([rng.normal(0, 0.4, w.shape) for w in model.get_weights()])
trained.compile("adam", "mse")
data = rng.normal(size=(20, 6, 3)).astype("float32")
losses = [float(trained.train_on_batch(data, data.sum((1, 2)))) for _ in range(2)]
_, attention = model.predict(data, verbose=0)

FIGURES = {
    "parameters": model.count_params(),
    "losses": losses,
    "attention": attention.shape,
    "sum to one": bool(np.allclose(attention.sum(axis=1), 1.0, atol=1e-5)),
}
