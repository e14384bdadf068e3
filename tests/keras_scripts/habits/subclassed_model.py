"""A subclass of Model whose call takes training."""

import keras
import numpy as np
from keras import layers


class ResBlock(layers.Layer):
    def __init__(self, filters):
        super().__init__()
        self.conv_1 = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.bn_1 = layers.BatchNormalization()
        self.conv_2 = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.bn_2 = layers.BatchNormalization()
        self.act = layers.Activation("relu")

    def call(self, x, training=None):
        h = self.act(self.bn_1(self.conv_1(x), training=training))
        h = self.bn_2(self.conv_2(h), training=training)
        return self.act(h + x)


class Classifier(keras.Model):
    def __init__(self, num_classes=3, **kwargs):
        super().__init__(**kwargs)
        self.stem = layers.Conv2D(4, 3, padding="same")
        self.blocks = [ResBlock(4) for _ in range(2)]
        self.pool = layers.GlobalAveragePooling2D()
        self.dropout = layers.Dropout(0.5)
        self.head = layers.Dense(num_classes, activation="softmax")

    def call(self, inputs, training=False):
        x = self.stem(inputs)
        for block in self.blocks:
            x = block(x, training=training)
        x = self.pool(x)
        if training:
            x = self.dropout(x, training=training)
        return self.head(x)


model = Classifier(name="classifier")
rng = np.random.default_rng(0)
x = rng.random((24, 8, 8, 1)).astype("float32")
y = rng.integers(0, 3, 24)
model(x[:1])
model.summary()
model.set_weights([rng.normal(0, 0.3, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
before = model.evaluate(x, y, verbose=0)
model.fit(x, y, epochs=1, batch_size=8, verbose=0)

called = keras.ops.convert_to_numpy(model(x, training=False))

FIGURES = {
    "parameters": model.count_params(),
    "trainable": len(model.trainable_variables),
    "not trainable": len(model.non_trainable_weights),
    "before": before,
    "same": bool(np.allclose(model.predict(x, verbose=0), called, atol=1e-5)),
}
