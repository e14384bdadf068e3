"""Every way of merging branches, as layers and as functions."""

import numpy as np
from keras import Input, Model, layers
from keras.layers import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract

a, b = Input((4,), name="a"), Input((4,), name="b")
outputs = [
    Add()([a, b]),
    Subtract()([a, b]),
    Multiply()([a, b]),
    Average()([a, b]),
    Maximum()([a, b]),
    Minimum()([a, b]),
    Concatenate(axis=-1)([a, b]),
    Dot(axes=1)([a, b]),
    layers.dot([a, b], axes=1, normalize=True),
    layers.add([a, b, a]),
    layers.subtract([a, b]),
    layers.multiply([a, b]),
    layers.average([a, b]),
    layers.maximum([a, b]),
    layers.minimum([a, b]),
    layers.concatenate([a, b], axis=1),
]
model = Model([a, b], outputs)
rng = np.random.default_rng(0)
values = model.predict([rng.normal(size=(3, 4)), rng.normal(size=(3, 4))], verbose=0)

rows, columns = Input((5, 3)), Input((6, 3))
scores = Dot(axes=(2, 2))([rows, columns])
similarity = Model([rows, columns], scores)
table = similarity.predict([rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 6, 3))], verbose=0)

FIGURES = {
    "shapes": [y.shape for y in model.outputs],
    "sums": [float(v.sum()) for v in values],
    "table": table,
}
