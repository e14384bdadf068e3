"""Characters to characters: an encoder's states start the decoder, which then runs step by step."""

import keras
import numpy as np

num_encoder_tokens, num_decoder_tokens, latent_dim = 7, 8, 10
rng = np.random.default_rng(0)
encoder_input_data = np.eye(num_encoder_tokens)[rng.integers(0, 7, (24, 6))].astype("float32")
decoder_input_data = np.eye(num_decoder_tokens)[rng.integers(0, 8, (24, 5))].astype("float32")
decoder_target_data = np.roll(decoder_input_data, -1, axis=1)

encoder_inputs = keras.Input(shape=(None, num_encoder_tokens))
encoder = keras.layers.LSTM(latent_dim, return_state=True)
encoder_outputs, state_h, state_c = encoder(encoder_inputs)
encoder_states = [state_h, state_c]
decoder_inputs = keras.Input(shape=(None, num_decoder_tokens))
decoder_lstm = keras.layers.LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = keras.layers.Dense(num_decoder_tokens, activation="softmax")
decoder_outputs = decoder_dense(decoder_outputs)
model = keras.Model([encoder_inputs, decoder_inputs], decoder_outputs)
model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    [encoder_input_data, decoder_input_data],
    decoder_target_data,
    batch_size=8,
    epochs=2,
    shuffle=False,
    verbose=0,
)

encoder_model = keras.Model(encoder_inputs, encoder_states)
decoder_state_input_h = keras.Input(shape=(latent_dim,))
decoder_state_input_c = keras.Input(shape=(latent_dim,))
decoder_states_inputs = [decoder_state_input_h, decoder_state_input_c]
outputs, state_h, state_c = decoder_lstm(decoder_inputs, initial_state=decoder_states_inputs)
decoder_model = keras.Model(
    [decoder_inputs] + decoder_states_inputs, [decoder_dense(outputs)] + [state_h, state_c]
)


def decode_sequence(input_seq, length=4):
    states_value = encoder_model.predict(input_seq, verbose=0)
    target_seq = np.zeros((1, 1, num_decoder_tokens))
    target_seq[0, 0, 0] = 1.0
    tokens = []
    for _ in range(length):
        output_tokens, h, c = decoder_model.predict([target_seq] + states_value, verbose=0)
        sampled = np.argmax(output_tokens[0, -1, :])
        tokens.append(int(sampled))
        target_seq = np.zeros((1, 1, num_decoder_tokens))
        target_seq[0, 0, sampled] = 1.0
        states_value = [h, c]
    return tokens


FIGURES = {
    "parameters": model.count_params(),
    "history": history.history,
    "states": [s.shape for s in encoder_model.predict(encoder_input_data[:2], verbose=0)],
    "decoded": [decode_sequence(encoder_input_data[i : i + 1]) for i in range(2)],
}
