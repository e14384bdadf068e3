"""Checkpoints of transformers give the same hidden states and logits; misfits are refused."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import no_grad
from minigrad.training import saving
from models.sequences import bert, gpt

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

GPT2 = {
    "vocab_size": 60,
    "n_positions": 24,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
BERT = {
    "vocab_size": 60,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 24,
}
DISTIL = {
    "vocab_size": 60,
    "dim": 32,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 48,
    "max_position_embeddings": 24,
}
IDS = np.random.default_rng(0).integers(1, 60, (3, 11))
SEGMENTS = (np.arange(11) >= 6) * np.ones((3, 1), int)
MASK = np.arange(11) < np.array([[11], [7], [3]])


def written(kind, config, settings, folder):
    """A network of transformers in inference, all its weights random, and its folder."""
    torch.manual_seed(0)
    theirs = getattr(transformers, kind)(getattr(transformers, config)(**settings)).eval()
    with torch.no_grad():
        for p in theirs.parameters():
            p += torch.randn_like(p) * 0.1
    theirs.save_pretrained(folder)
    return theirs


def output(theirs, **inputs):
    with torch.no_grad():
        return theirs(**{name: torch.as_tensor(x) for name, x in inputs.items()})


def close(ours, theirs):
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("kind", ["GPT2LMHeadModel", "GPT2Model"])
@pytest.mark.parametrize(
    "settings", [{}, {"n_inner": 40, "activation_function": "relu", "layer_norm_epsilon": 1e-3}]
)
def test_gpt2(kind, settings, tmp_path):
    theirs = written(kind, "GPT2Config", GPT2 | settings, tmp_path)
    found = output(theirs, input_ids=IDS)
    wanted = (
        found.logits
        if kind == "GPT2LMHeadModel"
        else found.last_hidden_state @ theirs.wte.weight.detach().T
    )
    close(gpt.GPT.from_pretrained(tmp_path)(IDS), wanted)


def test_gpt2_writes_the_same(tmp_path):
    theirs = written("GPT2LMHeadModel", "GPT2Config", GPT2, tmp_path)
    wanted = theirs.generate(
        torch.as_tensor(IDS[:1]),
        max_new_tokens=12,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    assert (
        gpt.GPT.from_pretrained(tmp_path).generate(IDS[0], 12, temperature=0).tolist()
        == wanted[0].tolist()
    )


@pytest.mark.parametrize(
    "kind, config, settings",
    [("BertModel", "BertConfig", BERT), ("DistilBertModel", "DistilBertConfig", DISTIL)],
)
def test_encoders(kind, config, settings, tmp_path):
    theirs, segmented = written(kind, config, settings, tmp_path), kind == "BertModel"
    model = bert.Bert.from_pretrained(tmp_path)
    found = output(
        theirs,
        input_ids=IDS,
        attention_mask=MASK.astype(int),
        **({"token_type_ids": SEGMENTS} if segmented else {}),
    )
    hidden = model(IDS, segments=SEGMENTS if segmented else None, mask=MASK)
    close(hidden, found.last_hidden_state)
    if segmented:
        close(model.pooler(hidden[:, 0]), found.pooler_output)
    padded = np.where(MASK, IDS, 0)
    # the mask is where the id is 0
    close(model(padded)[1, :7], output(theirs, input_ids=IDS[1:2, :7]).last_hidden_state[0])


HEADS = {
    "BertForSequenceClassification": ("BertConfig", BERT, bert.Classifier),
    "BertForMaskedLM": ("BertConfig", BERT, bert.MaskedLM),
    "DistilBertForSequenceClassification": ("DistilBertConfig", DISTIL, bert.Classifier),
    "DistilBertForMaskedLM": ("DistilBertConfig", DISTIL, bert.MaskedLM),
    "BertForPreTraining": ("BertConfig", BERT, bert.MaskedLM),
}


@pytest.mark.parametrize("kind", HEADS)
def test_heads(kind, tmp_path):
    config, settings, ours = HEADS[kind]
    more = {"num_labels": 3} if ours is bert.Classifier else {}
    theirs = written(kind, config, settings | more, tmp_path)
    found = output(theirs, input_ids=IDS, attention_mask=MASK.astype(int))
    close(
        ours.from_pretrained(tmp_path)(IDS, mask=MASK),
        found.prediction_logits if kind == "BertForPreTraining" else found.logits,
    )
    body = theirs.base_model
    close(bert.Bert.from_pretrained(tmp_path)(IDS), output(body, input_ids=IDS).last_hidden_state)


def test_names_of_2018(tmp_path):
    """gamma and beta, no prefix, the copies of tied weights and the buffers that old files hold."""
    theirs = written("BertForMaskedLM", "BertConfig", BERT, tmp_path)
    arrays, _ = saving.load_safetensors(tmp_path / "model.safetensors")
    old = {
        name.removeprefix("bert.")
        .replace("LayerNorm.weight", "LayerNorm.gamma")
        .replace("LayerNorm.bias", "LayerNorm.beta"): a
        for name, a in arrays.items()
    }
    old |= {
        "embeddings.position_ids": np.arange(24)[None],
        "cls.predictions.decoder.weight": old["embeddings.word_embeddings.weight"],
        "cls.predictions.decoder.bias": old["cls.predictions.bias"],
    }
    saving.save_safetensors(tmp_path / "model.safetensors", old)
    close(bert.MaskedLM.from_pretrained(tmp_path)(IDS), output(theirs, input_ids=IDS).logits)


# ---- a sentence on one line ----------------------------------------------------------------------

WORDS = [
    "a",
    "an",
    "the",
    "film",
    "play",
    "was",
    "is",
    "fine",
    "good",
    "bad",
    "dull",
    "not",
    "but",
    ",",
    ".",
    "!",
    "un",
    "##like",
    "##ly",
    "##able",
    "love",
    "##d",
    "it",
    "cafe",
]
TEXTS = ["a fine film", "The play was NOT good, but the Café is unlikely dull!", "loved it", "xyz"]


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize(
    "kind", ["BertForSequenceClassification", "DistilBertForSequenceClassification"]
)
def test_sentiment(kind, lower, tmp_path):
    config, settings, _ = HEADS[kind]
    settings = settings | {
        "id2label": {0: "NEGATIVE", 1: "POSITIVE"},
        "label2id": {"NEGATIVE": 0, "POSITIVE": 1},
    }
    theirs = written(kind, config, settings, tmp_path)
    (tmp_path / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]) + "\n"
    )
    tokens = transformers.BertTokenizer(str(tmp_path / "vocab.txt"), do_lower_case=lower)
    tokens.save_pretrained(tmp_path)
    judge = transformers.pipeline(
        "text-classification", model=theirs, tokenizer=tokens, device="cpu"
    )
    for theirs_says, ours_says in zip(judge(TEXTS), bert.sentiment(tmp_path)(TEXTS), strict=True):
        assert ours_says["label"] == theirs_says["label"] and ours_says["score"] == pytest.approx(
            theirs_says["score"], abs=1e-5
        )
    with no_grad():
        assert bert.sentiment(tmp_path)(TEXTS[0])["label"] in ("NEGATIVE", "POSITIVE")
    with pytest.raises(ValueError, match="there are 24 positions"):
        bert.sentiment(tmp_path)("film " * 40)
    assert set(bert.sentiment(tmp_path, maxlen=24)("film " * 40)) == {"label", "score"}
