"""The blocks of a Transformer (arXiv:1706.03762, figure 1), under KerasHub's names."""

from __future__ import annotations

from typing import Any

from .attention import KeyValueCache, MultiHeadAttention
from .base import Layer
from .core import Dense
from .normalization import LayerNormalization
from .regularization import Dropout


class _Block(Layer):
    """What encoder and decoder share: normed steps with a path around each, and the feed-forward step."""

    accepts_mask = supports_masking = True

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
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.kernel_initializer = kernel_initializer
        self.intermediate_dim, self.num_heads, self.activation = (
            intermediate_dim,
            num_heads,
            activation,
        )
        self.epsilon, self.normalize_first, self.rotary = (
            layer_norm_epsilon,
            normalize_first,
            rotary,
        )
        self.attention_dropout = dropout if attention_dropout is None else attention_dropout
        self.dropout, self.inner_dropout = Dropout(dropout), Dropout(inner_dropout)

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

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) != 3 or input_shape[-1] % self.num_heads:
            raise ValueError(
                f"{type(self).__name__} expects sequences (N, T, width) whose width its {self.num_heads} heads divide, "
                f"got {input_shape}"
            )
        width = input_shape[-1]
        self.self_attention, self.self_attention_norm = (
            self._attention(width, self.rotary),
            self._norm(),
        )
        self._build_cross_attention(width)
        self.intermediate = Dense(
            self.intermediate_dim, self.activation, kernel_initializer=self.kernel_initializer
        )
        self.output = Dense(width, kernel_initializer=self.kernel_initializer)
        self.feedforward_norm = self._norm()

    def _build_cross_attention(self, width: int) -> None:
        """The decoder's second attention."""

    def _feedforward(self, x: Any) -> Any:
        return self.output(self.inner_dropout(self.intermediate(x)))

    def _around(self, step: Any, norm: Layer, x: Any) -> Any:
        """norm(x + step(x)), or x + step(norm(x)) where normalisation comes first (arXiv:2002.04745)."""
        return (
            x + self.dropout(step(norm(x)))
            if self.normalize_first
            else norm(x + self.dropout(step(x)))
        )


class TransformerEncoder(_Block):
    """Self-attention, then a feed-forward network, each with a path around it and a layer norm: (N, T, D) -> (N, T, D).

    activation(x W_1 + b_1) W_2 + b_2 is the feed-forward network, `intermediate_dim` wide; `dropout` falls on attention probabilities
    (unless they have a rate of their own) and on both steps' results, `inner_dropout` inside the feed-forward network.
    normalize_first: pre-norm, as in GPT-2. causal: no token sees a later one (GPT). call: mask (N, T) is False at padding.
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
        **options: Any,
    ) -> None:
        super().__init__(
            intermediate_dim,
            num_heads,
            dropout,
            activation,
            layer_norm_epsilon,
            normalize_first,
            **options,
        )
        self.causal = causal

    def call(
        self,
        x: Any,
        mask: Any = None,
        attention_mask: Any = None,
        cache: KeyValueCache | None = None,
    ) -> Any:
        def attend(x: Any) -> Any:
            return self.self_attention(
                x,
                attention_mask=attention_mask,
                key_mask=mask,
                use_causal_mask=self.causal,
                cache=cache,
            )

        x = self._around(attend, self.self_attention_norm, x)
        return self._around(self._feedforward, self.feedforward_norm, x)


class TransformerDecoder(_Block):
    """Causal self-attention, attention to a memory (N, S, ...), a feed-forward network: (N, T, D) -> (N, T, D).

    The settings are those of TransformerEncoder. mask and memory_mask are False at padding of x and of the memory. For generation
    `new_cache(length)` gives caches: with them x holds the new tokens alone, and the memory is read once. With
    `return_attention_scores` the weights on the memory, (N, heads, T, S), come as a second output.
    """

    def _build_cross_attention(self, width: int) -> None:
        self.cross_attention, self.cross_attention_norm = self._attention(width), self._norm()

    def new_cache(self, length: int) -> tuple[KeyValueCache, KeyValueCache]:
        """An empty cache for `length` tokens, and one for the memory."""
        return KeyValueCache(length), KeyValueCache(0)

    def call(
        self,
        x: Any,
        memory: Any = None,
        mask: Any = None,
        memory_mask: Any = None,
        cache: tuple[KeyValueCache, KeyValueCache] | None = None,
        return_attention_scores: bool = False,
    ) -> Any:
        if memory is None:
            raise ValueError(
                "TransformerDecoder needs a memory (N, S, features), what the encoder gave, as its second input"
            )
        own, other = cache or (None, None)
        scores: list[Any] = []

        def attend(x: Any) -> Any:
            return self.self_attention(x, key_mask=mask, use_causal_mask=True, cache=own)

        def look_up(x: Any) -> Any:
            y = self.cross_attention(
                x,
                memory,
                key_mask=memory_mask,
                cache=other,
                return_attention_scores=return_attention_scores,
            )
            if return_attention_scores:
                y, found = y
                scores.append(found)
            return y

        x = self._around(attend, self.self_attention_norm, x)
        x = self._around(look_up, self.cross_attention_norm, x)
        x = self._around(self._feedforward, self.feedforward_norm, x)
        return (x, *scores) if scores else x
