"""Attention between sequences: of many heads, and the forms that came before it."""

from __future__ import annotations

import math
from typing import Any

from .. import initializers, ops
from ..backend import Array, backend
from ..config import as_data
from ..engine.tensor import Tensor
from ..random import uniform
from .base import Layer
from .core import Dense
from .modes import is_training
from .parameter import Parameter


def as_tensor(x: Any, like: Tensor) -> Tensor:
    """A further input of a layer, which only casts its first, as a Tensor on the device of that one."""
    return x if isinstance(x, Tensor) else Tensor(as_data(x, device=like.device))


def joined_masks(attention_mask: Any, key_mask: Any, query: Tensor, keys: int) -> Array | None:
    """One mask that broadcasts to (N, heads, Tq, Tk), True where a query may see a key; None where all may see all.

    attention_mask is (Tq, Tk), (N, Tq, Tk) or (N, heads, Tq, Tk); key_mask, False at padding, is (N, Tk).
    """
    n, queries = query.shape[:2]
    mask = None if attention_mask is None else as_data(attention_mask, device=query.device)
    if mask is not None:
        if (
            mask.ndim not in (2, 3, 4)
            or any(m not in (1, want) for m, want in zip(mask.shape[:-3:-1], (keys, queries)))
            or mask.ndim > 2
            and mask.shape[0] not in (1, n)
        ):
            raise ValueError(
                f"an attention_mask of shape {mask.shape} does not fit {n} samples of {queries} queries and {keys} keys: "
                f"expected ({queries}, {keys}), ({n}, {queries}, {keys}) or ({n}, heads, {queries}, {keys})"
            )
        mask = (mask[:, None] if mask.ndim == 3 else mask).astype(bool)
    if key_mask is None:
        return mask
    padding = as_data(key_mask, device=query.device)
    if padding.shape != (n, keys):
        raise ValueError(
            f"a key mask of shape {padding.shape} does not fit {n} samples of {keys} keys: expected ({n}, {keys})"
        )
    padding = padding.astype(bool)[:, None, None]
    return padding if mask is None else mask & padding


def kept(rate: float, shape: tuple[int, ...], like: Tensor) -> Array | None:
    """True where a probability stays, in training; None where none is dropped."""
    return uniform(shape, like) < 1 - rate if rate and is_training() else None


class KeyValueCache:
    """The keys and values of what a layer has read, with room for `length` tokens, so that the next one costs no second reading.

    Between attention layers it cannot be shared: each has its own. `reset()` forgets all.
    """

    def __init__(self, length: int) -> None:
        self.room, self.length = length, 0
        self.keys: Any = None
        self.values: Any = None

    def extend(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add (N, heads, T, d) keys and values; returns all so far. Raises ValueError when the room or the batch does not fit."""
        if k.node is not None or v.node is not None:
            raise ValueError(
                "a cache is for generation, no gradient passes through it: call the layer inside `with no_grad():`"
            )
        n, heads, new, _ = k.shape
        end = self.length + new
        if end > self.room:
            raise ValueError(
                f"the cache has room for {self.room} tokens and holds {self.length}: {new} more do not fit"
            )
        if self.keys is None:
            self.keys, self.values = (
                backend(x).zeros((n, heads, self.room, x.shape[-1]), x.dtype) for x in (k, v)
            )
        if (n, heads) != self.keys.shape[:2]:
            raise ValueError(
                f"the cache holds {self.keys.shape[0]} samples of {self.keys.shape[1]} heads, got {n} of {heads}"
            )
        for store, x in ((self.keys, k), (self.values, v)):
            store[:, :, self.length : end] = x.data
        self.length = end
        return Tensor(self.keys[:, :, :end], dtype=k.dtype), Tensor(
            self.values[:, :, :end], dtype=v.dtype
        )

    def reorder(self, rows: Any) -> None:
        """Let sample i go on from what sample rows[i] has read, as beam search does."""
        if self.keys is not None:
            self.keys, self.values = self.keys[rows], self.values[rows]

    def reset(self) -> None:
        """Forget everything; the next sequence starts."""
        self.length, self.keys, self.values = 0, None, None


class MultiHeadAttention(Layer):
    """concat(head_1, ..., head_h) W_o, head_i = attention(q W_q,i, k W_k,i, v W_v,i) (arXiv:1706.03762, section 3.2.2).

    query (N, Tq, D), value and key (N, Tk, ...) -> (N, Tq, output_shape or D); without a value the query attends to itself. The weights
    lie in Dense layers `query`, `key`, `value` (features, heads * dim; the heads side by side) and `attention_output`.
    `rotary=True` turns queries and keys by their positions (arXiv:2104.09864). Glorot's limits are those of the flat kernels.
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        rotary: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if num_heads < 1 or key_dim < 1 or not 0 <= dropout < 1:
            raise ValueError(
                f"MultiHeadAttention: num_heads={num_heads} and key_dim={key_dim} must be above 0 and dropout={dropout} "
                "in [0, 1)"
            )
        self.num_heads, self.key_dim, self.value_dim = num_heads, key_dim, value_dim or key_dim
        self.dropout, self.rotary, self.features = dropout, rotary, output_shape
        self._dense = {
            "use_bias": use_bias,
            "kernel_initializer": kernel_initializer,
            "bias_initializer": bias_initializer,
        }
        self.query, self.key = (Dense(num_heads * key_dim, **self._dense) for _ in range(2))
        self.value = Dense(num_heads * self.value_dim, **self._dense)

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) != 3:
            raise ValueError(
                f"MultiHeadAttention expects sequences of shape (N, T, features), got {input_shape}"
            )
        self.attention_output = Dense(self.features or input_shape[-1], **self._dense)

    def call_with_mask(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """In a Sequential the mask of x hides its padding as keys."""
        return self(x, key_mask=mask), mask

    def _heads(self, x: Any, start: int | None = None) -> Any:
        """(N, T, heads * dim) -> (N, heads, T, dim), turned by the positions from `start` on if there is one."""
        x = ops.transpose(
            ops.reshape(x, shape=(*x.shape[:2], self.num_heads, x.shape[2] // self.num_heads)),
            axes=(0, 2, 1, 3),
        )
        return x if start is None else ops.rotary(x, backend(x).arange(start, start + x.shape[2]))

    def _keys_and_values(
        self, query: Any, value: Any, key: Any, cache: KeyValueCache | None
    ) -> tuple[Any, Any]:
        """Those of this call, after those of the calls before it. What is not the query itself is read once."""
        own = value is query and key is query
        if cache is not None and not own and cache.length:
            return Tensor(cache.keys, dtype=query.dtype), Tensor(cache.values, dtype=query.dtype)
        start = (cache.length if cache else 0) if own and self.rotary else None
        k, v = self._heads(self.key(key), start), self._heads(self.value(value))
        if cache is None:
            return k, v
        if not own:
            cache.room = k.shape[2]
        return cache.extend(k, v)

    def call(
        self,
        query: Any,
        value: Any = None,
        key: Any = None,
        attention_mask: Any = None,
        key_mask: Any = None,
        use_causal_mask: bool = False,
        return_attention_scores: bool = False,
        cache: KeyValueCache | None = None,
    ) -> Any:
        value = query if value is None else as_tensor(value, query)
        key = value if key is None else as_tensor(key, query)
        if (
            query.ndim != 3
            or value.shape[:1] + value.shape[1:2] != key.shape[:2]
            or len(value) != len(query)
        ):
            raise ValueError(
                f"MultiHeadAttention expects (N, T, features) of one N, keys as many as values; got query {query.shape}, "
                f"value {value.shape}, key {key.shape}"
            )
        start = (cache.length if cache else 0) if self.rotary and value is query else None
        q = self._heads(self.query(query), start)
        k, v = self._keys_and_values(query, value, key, cache)
        mask = joined_masks(attention_mask, key_mask, query, k.shape[2])
        keep = kept(self.dropout, (*q.shape[:3], k.shape[2]), q)
        y = ops.scaled_dot_product_attention(
            q, k, v, mask, keep, causal=use_causal_mask, rate=self.dropout
        )
        y = ops.transpose(y, axes=(0, 2, 1, 3))
        y = self.attention_output(ops.reshape(y, shape=(*y.shape[:2], y.shape[2] * y.shape[3])))
        if not return_attention_scores:
            return y
        scores = q @ ops.swapaxes(k, axis1=-1, axis2=-2) * (1 / math.sqrt(self.key_dim))
        return y, ops.masked_softmax(scores, mask, causal=use_causal_mask)


class _ScoredAttention(Layer):
    """softmax over the keys of score(query, key), times the values: (N, Tq, D), (N, Tk, D) -> (N, Tq, values' features)."""

    def __init__(self, dropout: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.dropout = dropout

    def scores(self, query: Any, key: Any) -> Any:
        """(N, Tq, Tk)"""
        raise NotImplementedError

    def call(
        self,
        query: Any,
        value: Any = None,
        key: Any = None,
        key_mask: Any = None,
        use_causal_mask: bool = False,
        return_attention_scores: bool = False,
    ) -> Any:
        if isinstance(query, list):  # [query, value] or [query, value, key], as Keras has it
            query, value, key = (*query, None)[:3]
        value = query if value is None else as_tensor(value, query)
        key = value if key is None else as_tensor(key, query)
        if query.ndim != 3 or value.shape[:2] != key.shape[:2] or len(value) != len(query):
            raise ValueError(
                f"{type(self).__name__} expects (N, T, features) of one N, keys as many as values; got query "
                f"{query.shape}, value {value.shape}, key {key.shape}"
            )
        mask = joined_masks(None, key_mask, query, key.shape[1])
        p = ops.masked_softmax(
            self.scores(query, key), None if mask is None else mask[:, 0], causal=use_causal_mask
        )
        keep = kept(self.dropout, p.shape, p)
        y = (p if keep is None else ops.where(keep, p, 0) / (1 - self.dropout)) @ value
        return (y, p) if return_attention_scores else y


class Attention(_ScoredAttention):
    """Luong's attention (arXiv:1508.04025, section 3.1): score = q . k ("dot"), q . W k ("general") or v . tanh(W q + U k) ("concat").

    `use_scale` multiplies the scores of "dot" by a number that is learned. There is no division by sqrt(d), as in Keras.
    """

    def __init__(
        self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, **options: Any
    ) -> None:
        super().__init__(dropout, **options)
        if score_mode not in ("dot", "general", "concat"):
            raise ValueError(
                f"Attention: score_mode must be 'dot', 'general' or 'concat', not {score_mode!r}"
            )
        self.use_scale, self.score_mode = use_scale, score_mode

    def build(self, input_shape: Any) -> None:
        features = (input_shape[0] if isinstance(input_shape, list) else input_shape)[-1]
        if self.use_scale:
            self.scale = self.add_weight((), "ones")
        if self.score_mode == "general":
            self.key = Dense(features, use_bias=False)
        if self.score_mode == "concat":
            self.additive = AdditiveAttention(features)
            self.additive.build(input_shape)

    def scores(self, query: Any, key: Any) -> Any:
        if self.score_mode == "concat":
            return self.additive.scores(query, key)
        if self.score_mode == "general":
            key = self.key(key)
        if query.shape[-1] != key.shape[-1]:
            raise ValueError(
                f"a dot product needs queries and keys of equal width, got {query.shape} and {key.shape}: "
                "score_mode='general' joins different ones"
            )
        scores = query @ ops.swapaxes(key, axis1=-1, axis2=-2)
        return scores * self.scale if self.use_scale else scores


class AdditiveAttention(_ScoredAttention):
    """Bahdanau's attention: score = v . tanh(W q + U k), with `units` rows in W and U (arXiv:1409.0473, appendix A.1.2).

    Without units it is Keras's: v . tanh(q + k), or the plain sum with use_scale=False.
    """

    def __init__(
        self, units: int | None = None, use_scale: bool = True, dropout: float = 0.0, **options: Any
    ) -> None:
        super().__init__(dropout, **options)
        self.units, self.use_scale = units, use_scale
        if units:
            self.query, self.key = Dense(units, use_bias=False), Dense(units, use_bias=False)

    def build(self, input_shape: Any) -> None:
        features = (input_shape[0] if isinstance(input_shape, list) else input_shape)[-1]
        if self.use_scale:
            self.scale = Parameter(
                initializers.get("glorot_uniform")((self.units or features, 1))[:, 0]
            )

    def scores(self, query: Any, key: Any) -> Any:
        if self.units:
            query, key = self.query(query), self.key(key)
        if query.shape[-1] != key.shape[-1]:
            raise ValueError(
                f"a sum needs queries and keys of equal width, got {query.shape} and {key.shape}: units= brings both to one"
            )
        met = ops.tanh(
            ops.expand_dims(query, axis=2) + ops.expand_dims(key, axis=1)
        )  # (N, Tq, Tk, units)
        return met @ self.scale if self.use_scale else ops.sum(met, axis=-1)
