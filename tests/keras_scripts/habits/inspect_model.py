"""Looking into a model: summary, picture, names, shapes, weights, counts."""

import keras
import numpy as np
from keras import layers
from keras.utils import plot_model

keras.utils.set_random_seed(7)
keras.backend.clear_session()
model = keras.Sequential(name="inspected")
model.add(keras.Input(shape=(10, 10, 1)))
model.add(layers.Conv2D(4, (3, 3), padding="same", activation="relu", name="conv"))
model.add(layers.BatchNormalization(name="bn"))
model.add(layers.GlobalAveragePooling2D(name="pool"))
model.add(layers.Dense(3, name="head", use_bias=False))

lines = []
model.summary(print_fn=lambda line, **kwargs: lines.append(line))
model.summary(line_length=90, show_trainable=True)
try:
    plot_model(model, to_file="model.png", show_shapes=True, show_layer_names=True)
except ImportError:
    print("no graphviz on this machine")
conv = model.get_layer("conv")
kernel, bias = conv.get_weights()
conv.set_weights([np.ones_like(kernel), bias + 1])
for layer in model.layers:
    print(layer.name, layer.trainable, [tuple(w.shape) for w in layer.weights])
trainable_count = int(np.sum([np.prod(v.shape) for v in model.trainable_weights]))
non_trainable_count = int(np.sum([np.prod(v.shape) for v in model.non_trainable_weights]))
activations = keras.Model(model.inputs, [layer.output for layer in model.layers])
filters = keras.ops.convert_to_numpy(conv.kernel)
drawn = np.random.rand(2)
keras.utils.set_random_seed(7)

FIGURES = {
    "name": model.name,
    "summary": any("conv" in str(line) for line in lines),
    "total": model.count_params(),
    "counts": [trainable_count, non_trainable_count],
    "names": [layer.name for layer in model.layers],
    "by index": model.get_layer(index=1).name,
    "built": model.built,
    "input": model.input_shape,
    "output": model.output_shape,
    "layer": conv.output.shape,
    "dtype": str(np.dtype(conv.get_weights()[0].dtype)),
    "filters": filters.shape,
    "maps": [a.shape for a in activations(np.ones((1, 10, 10, 1), "float32"))],
    "configuration": [conv.get_config()[k] for k in ("filters", "padding", "activation", "name")],
    "seeded": bool(np.array_equal(drawn, np.random.rand(2))),
    "floatx": keras.config.floatx(),
}
