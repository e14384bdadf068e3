"""A variational autoencoder whose KL term is added by a layer."""

import keras
import numpy as np
from keras import layers, ops


class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


class Encoder(layers.Layer):
    def __init__(self, latent_dim=4, intermediate_dim=16, name="encoder", **kwargs):
        super().__init__(name=name, **kwargs)
        self.dense_proj = layers.Dense(intermediate_dim, activation="relu")
        self.dense_mean = layers.Dense(latent_dim)
        self.dense_log_var = layers.Dense(latent_dim)
        self.sampling = Sampling()

    def call(self, inputs):
        x = self.dense_proj(inputs)
        z_mean = self.dense_mean(x)
        z_log_var = self.dense_log_var(x)
        return z_mean, z_log_var, self.sampling((z_mean, z_log_var))


class VariationalAutoEncoder(keras.Model):
    def __init__(self, original_dim, intermediate_dim=16, latent_dim=4, name="vae", **kwargs):
        super().__init__(name=name, **kwargs)
        self.encoder = Encoder(latent_dim=latent_dim, intermediate_dim=intermediate_dim)
        self.decoder = keras.Sequential(
            [
                layers.Dense(intermediate_dim, activation="relu"),
                layers.Dense(original_dim, activation="sigmoid"),
            ]
        )

    def call(self, inputs):
        z_mean, z_log_var, z = self.encoder(inputs)
        kl_loss = -0.5 * ops.mean(z_log_var - ops.square(z_mean) - ops.exp(z_log_var) + 1)
        self.add_loss(kl_loss)
        return self.decoder(z)


class ActivityPenalty(layers.Layer):
    def call(self, inputs):
        self.add_loss(1e-2 * ops.sum(inputs))
        return inputs


rng = np.random.default_rng(0)
x = rng.random((64, 20)).astype("float32")
vae = VariationalAutoEncoder(20)
vae.compile(keras.optimizers.Adam(learning_rate=1e-3), loss=keras.losses.MeanSquaredError())
history = vae.fit(x, x, epochs=2, batch_size=32, verbose=0)
vae(x[:5])
assert len(vae.losses) == 1

penalized = keras.Sequential([keras.Input((20,)), ActivityPenalty(), layers.Dense(1)])
penalized.set_weights([np.zeros_like(w) for w in penalized.get_weights()])
penalized.compile("sgd", "mse")

FIGURES = {
    "parameters": vae.count_params(),
    "keys": sorted(history.history),
    "falls": history.history["loss"][-1] < history.history["loss"][0] + 0.1,
    "penalty alone": penalized.evaluate(np.ones((4, 20)), np.zeros((4, 1)), verbose=0),
}
