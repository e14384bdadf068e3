"""keras.ops and keras.random beside NumPy, called by position."""

import keras
import keras.ops as ops
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(3, 4)).astype("float32")
a, b = rng.normal(size=(2, 3)).astype("float32"), rng.normal(size=(3, 2)).astype("float32")


def n(value):
    return ops.convert_to_numpy(value)


values = {
    "mean": ops.mean(x, axis=-1),
    "sum": ops.sum(x, -1),
    "max": ops.max(x, 0),
    "std": ops.std(x, axis=1, keepdims=True),
    "argmax": ops.argmax(x, -1),
    "reshape": ops.reshape(x, (-1, 2)),
    "transpose": ops.transpose(x),
    "matmul": ops.matmul(a, b),
    "dot": ops.dot(a, b),
    "tensordot": ops.tensordot(a, b, 1),
    "einsum": ops.einsum("ij,jk->ik", a, b),
    "concatenate": ops.concatenate([x, x], 0),
    "stack": ops.stack([x, x], axis=1),
    "split": ops.split(x, 2, 1)[1],
    "where": ops.where(x > 0, x, 0.0),
    "clip": ops.clip(x, -0.5, 0.5),
    "one_hot": ops.one_hot(np.array([0, 2]), 3),
    "cumsum": ops.cumsum(x, 0),
    "take": ops.take(x, np.array([2, 0]), 0),
    "squeeze": ops.squeeze(ops.expand_dims(x, 1), 1),
    "tile": ops.tile(x, (1, 2)),
    "repeat": ops.repeat(x, 2, axis=0),
    "pad": ops.pad(x, [[1, 0], [0, 1]]),
    "norm": ops.norm(x, axis=-1),
    "logsumexp": ops.logsumexp(x, axis=-1),
    "softmax": ops.softmax(x, -1),
    "log_softmax": ops.log_softmax(x),
    "gelu": ops.gelu(x, False),
    "leaky": ops.leaky_relu(x, 0.1),
    "erf": ops.erf(x),
    "top_k": ops.top_k(x, 2)[0],
    "minimum": ops.minimum(x, 0.25),
    "power": ops.power(x, 2),
    "floor": ops.floor_divide(x, 0.5),
    "isnan": ops.isnan(x),
    "linspace": ops.linspace(0.0, 1.0, 5),
    "arange": ops.arange(5),
    "eye": ops.eye(3),
    "full": ops.full((2, 2), 7.0),
    "zeros_like": ops.zeros_like(x),
    "cast": ops.cast(x, "int32"),
    "flip": ops.flip(x, 1),
    "roll": ops.roll(x, 1, 0),
    "sort": ops.sort(x, -1),
    "outer": ops.outer(x[0], x[1]),
    "triu": ops.triu(ops.ones((3, 3)), 1),
    "moveaxis": ops.moveaxis(x[None], 0, -1),
    "logical": ops.logical_and(x > 0, x < 1),
    "any": ops.any(x > 0, axis=0),
    "relu": keras.activations.relu(x),
    "cross entropy": ops.categorical_crossentropy(ops.eye(3), ops.softmax(n(ops.ones((3, 3))))),
}
y = ops.convert_to_tensor(x)
tensor = keras.Variable(np.zeros((2, 2), "float32"), name="counter")
tensor.assign(ops.ones((2, 2)))
tensor.assign_add(ops.ones((2, 2)))
normal = n(keras.random.normal((200, 5), mean=1.0, stddev=2.0, seed=3))
uniform = n(keras.random.uniform((100,), minval=-1.0, maxval=1.0))
drawn = n(keras.random.randint((50,), 0, 4))
kept = n(keras.random.dropout(ops.ones((100,)), 0.5))
shuffled = n(keras.random.shuffle(np.arange(10)))
generator = keras.random.SeedGenerator(5)
one, two = (n(keras.random.normal((3,), seed=generator)) for _ in range(2))

FIGURES = {
    "values": {name: n(value).tolist() for name, value in values.items()},
    "variable": n(tensor).tolist(),
    "dtype": str(n(y).dtype),
    "shapes": [normal.shape, uniform.shape, drawn.shape],
    "mean is near": bool(abs(normal.mean() - 1) < 0.3 and abs(normal.std() - 2) < 0.2),
    "range": bool(uniform.min() >= -1 and uniform.max() < 1 and set(drawn) <= {0, 1, 2, 3}),
    "dropout": bool(set(np.unique(kept)) <= {0.0, 2.0}),
    "permutation": sorted(int(v) for v in shuffled),
    "goes on": bool((one != two).all()),
}
