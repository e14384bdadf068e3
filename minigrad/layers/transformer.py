"""The blocks of a Transformer, under KerasHub's names."""

from __future__ import annotations

from typing import Any, Callable

from .attention import KeyValueCache, MultiHeadAttention
from .base import Layer
from .core import Dense
from .normalization import LayerNormalization
from .regularization import Dropout
from .validation import check_rate, positive_integer


class _TransformerBlock(Layer):
    """What encoder and decoder share: steps with a residual path around each."""

    supports_masking = True
    input_rank = 3

    def __init__(
        self,
        intermediate_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        activation: Any = "relu",
        layer_norm_epsilon: float = 1e-5,
        normalize_first: bool = False,
        attention_dropout: float | None = None,
        inner_dropout: float = 0.0,
        rotary: bool = False,
        kernel_initializer: Any = "glorot_uniform",
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.intermediate_dim = positive_integer(self, "intermediate_dim", intermediate_dim)
        self.num_heads = positive_integer(self, "num_heads", num_heads)
        check_rate(self, "dropout", dropout)
        check_rate(self, "inner_dropout", inner_dropout)
        self.activation = activation
        self.epsilon = layer_norm_epsilon
        self.normalize_first = normalize_first
        self.attention_dropout = dropout if attention_dropout is None else attention_dropout
        check_rate(self, "attention_dropout", self.attention_dropout)
        self.rotary = rotary
        self.kernel_initializer = kernel_initializer
        self.dropout = Dropout(dropout)
        self.inner_dropout = Dropout(inner_dropout)

    def build(self, input_shape: tuple[int, ...]) -> None:
        features = input_shape[-1]
        if features % self.num_heads:
            raise ValueError(
                f"{type(self).__name__} expects sequences (N, T, width) whose width its "
                f"{self.num_heads} heads divide, got {input_shape}"
            )
        self.self_attention = self._attention(features, self.rotary)
        self.self_attention_norm = self._norm()
        self._build_cross_attention(features)
        self.intermediate = Dense(
            self.intermediate_dim, self.activation, kernel_initializer=self.kernel_initializer
        )
        self.output = Dense(features, kernel_initializer=self.kernel_initializer)
        self.feedforward_norm = self._norm()

    def _build_cross_attention(self, features: int) -> None:
        """The decoder's second attention."""

    def _attention(self, features: int, rotary: bool = False) -> MultiHeadAttention:
        return MultiHeadAttention(
            self.num_heads,
            features // self.num_heads,
            dropout=self.attention_dropout,
            rotary=rotary,
            kernel_initializer=self.kernel_initializer,
        )

    def _norm(self) -> LayerNormalization:
        return LayerNormalization(epsilon=self.epsilon)

    def _feedforward(self, x: Any) -> Any:
        return self.output(self.inner_dropout(self.intermediate(x)))

    def _residual(self, step: Callable[[Any], Any], norm: Layer, x: Any) -> Any:
        """norm(x + step(x)), or x + step(norm(x)) with normalize_first (arXiv:2002.04745)."""
        if self.normalize_first:
            return x + self.dropout(step(norm(x)))
        return norm(x + self.dropout(step(x)))


class TransformerEncoder(_TransformerBlock):
    """Self-attention, then a feed-forward network, each with a residual path and a layer norm.

    The feed-forward network is activation(x W_1 + b_1) W_2 + b_2.

    Args:
        intermediate_dim: Units of the feed-forward network's inner layer.
        num_heads: Number of heads, which must divide the features.
        dropout: Fraction dropped in training from the result of each step, and from the attention
            probabilities unless attention_dropout is given.
        activation: Name or function of the feed-forward network's inner layer.
        layer_norm_epsilon: epsilon of the layer normalizations.
        normalize_first: True normalizes before each step, as in GPT-2; False after it, as in the
            paper.
        causal: True hides later tokens from each one, as in GPT.
        attention_dropout: Fraction of the attention probabilities dropped; None for `dropout`.
        inner_dropout: Fraction dropped inside the feed-forward network.
        rotary: True rotates queries and keys of the self-attention by their positions.
        kernel_initializer: Name or function that makes all kernels.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, D) -> (N, T, D)

    Raises:
        ValueError: If an argument is out of range, num_heads does not divide D, or the input is of
            another rank.

    References:
        Vaswani et al. 2017, arXiv:1706.03762, figure 1; Radford et al. 2019 (GPT-2).

    Example:
        >>> TransformerEncoder(intermediate_dim=16, num_heads=2)(np.ones((1, 5, 8))).shape
        (1, 5, 8)
    """

    def __init__(
        self,
        intermediate_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        activation: Any = "relu",
        layer_norm_epsilon: float = 1e-5,
        normalize_first: bool = False,
        causal: bool = False,
        attention_dropout: float | None = None,
        inner_dropout: float = 0.0,
        rotary: bool = False,
        kernel_initializer: Any = "glorot_uniform",
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            intermediate_dim,
            num_heads,
            dropout,
            activation,
            layer_norm_epsilon,
            normalize_first,
            attention_dropout,
            inner_dropout,
            rotary,
            kernel_initializer,
            name=name,
            trainable=trainable,
            input_shape=input_shape,
            dtype=dtype,
        )
        self.causal = causal

    def call(
        self,
        x: Any,
        mask: Any = None,
        attention_mask: Any = None,
        cache: KeyValueCache | None = None,
    ) -> Any:
        """The encoded sequences.

        Args:
            x: Sequences (N, T, D).
            mask: (N, T), False at padding; None for none.
            attention_mask: True where a token attends to another, as in MultiHeadAttention.
            cache: Keys and values of the tokens before x, in generation; None for none.
        """

        def attend(y: Any) -> Any:
            return self.self_attention(
                y,
                attention_mask=attention_mask,
                key_mask=mask,
                use_causal_mask=self.causal,
                cache=cache,
            )

        x = self._residual(attend, self.self_attention_norm, x)
        return self._residual(self._feedforward, self.feedforward_norm, x)


class TransformerDecoder(_TransformerBlock):
    """Causal self-attention, attention to a memory, then a feed-forward network.

    Each has a residual path and a layer norm. The memory is what an encoder returned.

    Args:
        intermediate_dim: Units of the feed-forward network's inner layer.
        num_heads: Number of heads, which must divide the features.
        dropout: Fraction dropped in training from the result of each step, and from the attention
            probabilities unless attention_dropout is given.
        activation: Name or function of the feed-forward network's inner layer.
        layer_norm_epsilon: epsilon of the layer normalizations.
        normalize_first: True normalizes before each step, as in GPT-2; False after it, as in the
            paper.
        attention_dropout: Fraction of the attention probabilities dropped; None for `dropout`.
        inner_dropout: Fraction dropped inside the feed-forward network.
        rotary: True rotates queries and keys of the self-attention by their positions.
        kernel_initializer: Name or function that makes all kernels.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        x (N, T, D), memory (N, S, ...) -> (N, T, D)

    Raises:
        ValueError: If an argument is out of range, num_heads does not divide D, the input is of
            another rank, or there is no memory.

    References:
        Vaswani et al. 2017, arXiv:1706.03762, figure 1.

    Example:
        >>> layer = TransformerDecoder(intermediate_dim=16, num_heads=2)
        >>> layer(np.ones((1, 5, 8)), np.ones((1, 7, 8))).shape
        (1, 5, 8)
    """

    def _build_cross_attention(self, features: int) -> None:
        self.cross_attention = self._attention(features)
        self.cross_attention_norm = self._norm()

    def new_cache(self, capacity: int) -> tuple[KeyValueCache, KeyValueCache]:
        """An empty cache for generated tokens, and one for the memory.

        Args:
            capacity: The largest number of tokens to generate.
        """
        return KeyValueCache(capacity), KeyValueCache(0)

    def call(
        self,
        x: Any,
        memory: Any = None,
        mask: Any = None,
        memory_mask: Any = None,
        cache: tuple[KeyValueCache, KeyValueCache] | None = None,
        return_attention_scores: bool = False,
    ) -> Any:
        """The decoded sequences, or (sequences, probabilities) with return_attention_scores.

        Args:
            x: Sequences (N, T, D); with a cache, the new tokens alone.
            memory: Sequences (N, S, ...) to attend to.
            mask: (N, T), False at padding of x; None for none.
            memory_mask: (N, S), False at padding of the memory; None for none.
            cache: What new_cache returned, in generation; the memory is then read once.
            return_attention_scores: True returns the probabilities on the memory (N, heads, T, S)
                too.
        """
        if memory is None:
            raise ValueError(
                "TransformerDecoder needs a memory (N, S, features), what the encoder returned, as "
                "its second input"
            )
        own_cache, memory_cache = cache or (None, None)
        scores: list[Any] = []

        def attend(y: Any) -> Any:
            return self.self_attention(y, key_mask=mask, use_causal_mask=True, cache=own_cache)

        def cross_attend(y: Any) -> Any:
            outputs = self.cross_attention(
                y,
                memory,
                key_mask=memory_mask,
                cache=memory_cache,
                return_attention_scores=return_attention_scores,
            )
            if not return_attention_scores:
                return outputs
            scores.append(outputs[1])
            return outputs[0]

        x = self._residual(attend, self.self_attention_norm, x)
        x = self._residual(cross_attend, self.cross_attention_norm, x)
        x = self._residual(self._feedforward, self.feedforward_norm, x)
        return (x, *scores) if scores else x
