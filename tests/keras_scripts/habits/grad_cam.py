"""Grad-CAM: the gradient of a class with respect to the last feature maps."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops

rng = np.random.default_rng(0)
inputs = keras.Input((12, 12, 1))
x = layers.Conv2D(4, 3, activation="relu", name="block1_conv")(inputs)
x = layers.MaxPooling2D(2, name="block1_pool")(x)
x = layers.Conv2D(6, 3, activation="relu", name="last_conv")(x)
x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="predictions")(x))
model.set_weights([rng.normal(0.1, 0.4, w.shape) for w in model.get_weights()])


def make_gradcam_heatmap(img_array, model, last_conv_layer_name, pred_index=None):
    model.layers[-1].activation = None
    grad_model = keras.models.Model(
        model.inputs, [model.get_layer(last_conv_layer_name).output, model.output]
    )
    with tf.GradientTape() as tape:
        last_conv_layer_output, preds = grad_model(img_array)
        if pred_index is None:
            pred_index = int(ops.argmax(preds[0]))
        class_channel = preds[:, pred_index]
    grads = tape.gradient(class_channel, last_conv_layer_output)
    pooled_grads = ops.mean(grads, axis=(0, 1, 2))
    last_conv_layer_output = last_conv_layer_output[0]
    heatmap = ops.matmul(last_conv_layer_output, pooled_grads[..., None])
    heatmap = ops.squeeze(heatmap)
    heatmap = ops.maximum(heatmap, 0) / ops.max(heatmap)
    return ops.convert_to_numpy(ops.stop_gradient(heatmap))


img_array = rng.random((1, 12, 12, 1)).astype("float32")
heatmap = make_gradcam_heatmap(img_array, model, "last_conv")
plt.matshow(heatmap)
plt.savefig("heatmap.png")
plt.close()

FIGURES = {"shape": heatmap.shape, "heatmap": heatmap}
