"""All intermediate activations of a trained network, by layer.output."""

import keras
import numpy as np
from keras import layers

initial_model = keras.Sequential(
    [
        keras.Input(shape=(16, 16, 3)),
        layers.Conv2D(4, 5, strides=2, activation="relu"),
        layers.Conv2D(4, 3, activation="relu", name="my_intermediate_layer"),
        layers.Conv2D(2, 3, activation="relu"),
    ]
)
all_features = keras.Model(
    inputs=initial_model.inputs, outputs=[layer.output for layer in initial_model.layers]
)
one_feature = keras.Model(
    inputs=initial_model.inputs,
    outputs=initial_model.get_layer(name="my_intermediate_layer").output,
)

rng = np.random.default_rng(0)
initial_model.set_weights([rng.normal(0, 0.2, w.shape) for w in initial_model.get_weights()])
x = np.ones((1, 16, 16, 3), "float32")
features = all_features(x)
intermediate = one_feature.predict(x, verbose=0)
headed = keras.Model(
    initial_model.inputs, layers.GlobalAveragePooling2D()(initial_model.layers[-1].output)
)

FIGURES = {
    "shapes": [f.shape for f in features],
    "same": bool(np.allclose(keras.ops.convert_to_numpy(features[1]), intermediate)),
    "mean": float(intermediate.mean()),
    "shared": len(headed.weights),
    "pooled": headed.predict(x, verbose=0),
}
