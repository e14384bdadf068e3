"""The networks of CycleGAN, narrow: instance normalization, reflection padding as a layer."""

import keras
import numpy as np
from keras import layers, ops

kernel_init = keras.initializers.RandomNormal(mean=0.0, stddev=0.02)
gamma_init = keras.initializers.RandomNormal(mean=0.0, stddev=0.02)


class ReflectionPadding2D(layers.Layer):
    def __init__(self, padding=(1, 1), **kwargs):
        self.padding = tuple(padding)
        super().__init__(**kwargs)

    def call(self, input_tensor, mask=None):
        padding_width, padding_height = self.padding
        padding_tensor = [
            [0, 0],
            [padding_height, padding_height],
            [padding_width, padding_width],
            [0, 0],
        ]
        return ops.pad(input_tensor, padding_tensor, mode="reflect")


def instance_norm():
    return layers.GroupNormalization(groups=-1, gamma_initializer=gamma_init)


def residual_block(x, activation, kernel_size=(3, 3)):
    dim = x.shape[-1]
    input_tensor = x
    x = ReflectionPadding2D()(input_tensor)
    x = layers.Conv2D(dim, kernel_size, kernel_initializer=kernel_init, use_bias=False)(x)
    x = instance_norm()(x)
    x = activation(x)
    x = ReflectionPadding2D()(x)
    x = layers.Conv2D(dim, kernel_size, kernel_initializer=kernel_init, use_bias=False)(x)
    x = instance_norm()(x)
    return layers.add([input_tensor, x])


def get_resnet_generator(filters=4, num_residual_blocks=2, name=None):
    img_input = layers.Input(shape=(16, 16, 3), name=name + "_img_input")
    x = ReflectionPadding2D(padding=(3, 3))(img_input)
    x = layers.Conv2D(filters, (7, 7), kernel_initializer=kernel_init, use_bias=False)(x)
    x = layers.Activation("relu")(instance_norm()(x))
    for _ in range(2):
        filters *= 2
        x = layers.Conv2D(filters, (3, 3), strides=(2, 2), padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(instance_norm()(x))
    for _ in range(num_residual_blocks):
        x = residual_block(x, activation=layers.Activation("relu"))
    for _ in range(2):
        filters //= 2
        x = layers.Conv2DTranspose(filters, (3, 3), strides=(2, 2), padding="same")(x)
        x = layers.Activation("relu")(instance_norm()(x))
    x = ReflectionPadding2D(padding=(3, 3))(x)
    x = layers.Conv2D(3, (7, 7), padding="valid")(x)
    x = layers.Activation("tanh")(x)
    return keras.models.Model(img_input, x, name=name)


def get_discriminator(filters=4, name=None):
    img_input = layers.Input(shape=(16, 16, 3), name=name + "_img_input")
    x = layers.Conv2D(filters, (4, 4), strides=(2, 2), padding="same")(img_input)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * filters, (4, 4), strides=(2, 2), padding="same", use_bias=False)(x)
    x = layers.LeakyReLU(0.2)(instance_norm()(x))
    x = layers.Conv2D(1, (4, 4), strides=(1, 1), padding="same")(x)
    return keras.models.Model(inputs=img_input, outputs=x, name=name)


gen_G = get_resnet_generator(name="generator_G")
gen_F = get_resnet_generator(name="generator_F")
disc_X = get_discriminator(name="discriminator_X")
rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (2, 16, 16, 3)).astype("float32")
cycled = gen_F(gen_G(x))
judged = disc_X.predict(x, verbose=0)
padded = ReflectionPadding2D((1, 2))(x)

FIGURES = {
    "parameters": [m.count_params() for m in (gen_G, gen_F, disc_X)],
    "cycled": cycled.shape,
    "judged": judged.shape,
    "padded": padded.shape,
    "reflected": float(ops.sum(padded)),
    "names": [layer.name for layer in gen_G.layers][:1],
}
