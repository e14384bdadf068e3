"""A small U-Net with skip connections for masks, its dice coefficient as a metric."""

import keras
import numpy as np
from keras import layers, ops


def dice_coef(y_true, y_pred, smooth=1.0):
    intersection = ops.sum(y_true * y_pred)
    return (2.0 * intersection + smooth) / (ops.sum(y_true) + ops.sum(y_pred) + smooth)


def conv_block(x, filters):
    x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    return layers.Conv2D(filters, 3, activation="relu", padding="same")(x)


def get_unet(img_size=(16, 16), num_classes=1):
    inputs = keras.Input(shape=img_size + (3,))
    skips, x = [], inputs
    for filters in (4, 8):
        x = conv_block(x, filters)
        skips.append(x)
        x = layers.MaxPooling2D(pool_size=(2, 2))(x)
        x = layers.SpatialDropout2D(0.1)(x)
    x = conv_block(x, 12)
    for filters, skip in zip((8, 4), reversed(skips)):
        x = layers.Conv2DTranspose(filters, 2, strides=(2, 2), padding="valid")(x)
        x = layers.concatenate([x, skip], axis=3)
        x = conv_block(x, filters)
    outputs = layers.Conv2D(num_classes, (1, 1), activation="sigmoid")(x)
    return keras.Model(inputs=[inputs], outputs=[outputs])


model = get_unet()
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.2, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
images = rng.random((8, 16, 16, 3)).astype("float32")
masks = (images.mean(-1, keepdims=True) > 0.5).astype("float32")
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-4),
    loss="binary_crossentropy",
    metrics=[dice_coef, keras.metrics.MeanIoU(num_classes=2)],
)
before = model.evaluate(images, masks, batch_size=4, verbose=0)
history = model.fit(images, masks, batch_size=4, epochs=1, verbose=0)

FIGURES = {
    "parameters": model.count_params(),
    "layers": len(model.layers),
    "before": before,
    "output": model.output_shape,
    "keys": sorted(name for name in history.history if "mean" not in name),
}
