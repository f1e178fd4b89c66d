"""Makes the tiny encoders in test/fixtures/encoders: seeded random weights of four families in folders as the hub lays
them out, with what PyTorch says of a few texts.

    pip install torch==2.15.0 transformers==5.23.0 onnx==1.23.2 onnxruntime==1.31.1 safetensors==0.8.0
    python bench/peers/encoder_goldens.py [folder]

  bert         WordPiece, float32, sentence-transformers' files: mean and length one; its ONNX file takes token types
  roberta      byte-level BPE, float16, places from padding + 1
  xlm-roberta  Unigram, bfloat16, in two shards, a pooling of the first piece
  distilbert   WordPiece, float32, as saved with a masked-language head: every name begins with `distilbert.`

Each folder has config.json, tokenizer.json, weights, onnx/model.onnx (torch's TorchScript exporter, opset 14) and
reference.json: pieces and pooled vectors computed in float64 from the weights as stored.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import safetensors.torch
import tokenizers
import torch
import transformers
from export_tiny_bert import rounded, strip
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

warnings.filterwarnings("ignore")

SEED = 20260102
TEXTS = ["red running shoes", "A light jacket, for rain & wind!", "tea", "schöne Schuhe für den Herbst 鞋子"]
CORPUS = TEXTS + [
    "running shoes for women", "rain jacket", "green tea, 100 bags", "a red jacket with a hood", "wind and rain",
    "Schuhe für Damen", "the best tea for the autumn", "light shoes", "鞋子 茶 外套",
]  # fmt: skip
SMALL = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "type_vocab_size": 2,
}


def word_piece() -> tokenizers.Tokenizer:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=150, special_tokens=special))
    around = [("[CLS]", made.token_to_id("[CLS]")), ("[SEP]", made.token_to_id("[SEP]"))]
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=around)
    made.decoder = decoders.WordPiece()
    return made


def byte_pair() -> tokenizers.Tokenizer:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet)
    made.train_from_iterator(CORPUS, trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return made


def unigram() -> tokenizers.Tokenizer:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made = tokenizers.Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=special, unk_token="<unk>")
    made.train_from_iterator(CORPUS, trainer)
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    made.decoder = decoders.Metaspace()
    return made


def draw(model: torch.nn.Module, dtype: torch.dtype) -> None:
    """Weights away from 0 and 1, so that one forgotten shows; rounded to what the file keeps."""
    chance = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = 0.2 * torch.randn(weight.shape, generator=chance)
            is_gain = name.lower().endswith("norm.weight")
            weight.copy_((1 + noise if is_gain else noise).to(dtype))


class States(torch.nn.Module):
    """What the exporter sees: the attention mask as transformers 4 computed it, token types where there are any."""

    def __init__(self, model: torch.nn.Module, kinds: bool):
        super().__init__()
        self.model = model
        self.kinds = kinds

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        dtype = next(self.model.parameters()).dtype
        hidden = (1.0 - attention_mask.unsqueeze(1).unsqueeze(2).to(dtype)) * torch.finfo(torch.float32).min
        more = {"token_type_ids": token_type_ids} if self.kinds else {}
        return self.model(input_ids=input_ids, attention_mask=hidden, **more).last_hidden_state


def export(model: torch.nn.Module, kinds: bool, batch: dict[str, torch.Tensor], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    model.set_attn_implementation("eager")
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if kinds else [])]
    inputs = [batch["input_ids"], batch["attention_mask"], *([torch.zeros_like(batch["input_ids"])] if kinds else [])]
    axes = {name: {0: "batch", 1: "sequence"} for name in [*names, "last_hidden_state"]}
    torch.onnx.export(
        States(model, kinds).eval(),
        tuple(inputs),
        str(path),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamo=False,
        opset_version=14,
        dynamic_axes=axes,
    )
    strip(path)
    feeds = {name: values.numpy() for name, values in zip(names, inputs)}
    got = onnxruntime.InferenceSession(path).run(None, feeds)[0]
    with torch.no_grad():
        wanted = model(**batch).last_hidden_state.numpy()
    real = batch["attention_mask"].numpy()[..., None]
    error = np.abs((got - wanted) * real).max()
    print(f"{path.parent.parent.name}: {path.stat().st_size} bytes of ONNX, largest error {error:.1e}")
    assert error < 1e-5


def batch_of(tokenizer: tokenizers.Tokenizer, pad: int) -> dict[str, torch.Tensor]:
    pieces = [tokenizer.encode(text).ids for text in TEXTS]
    longest = max(len(ids) for ids in pieces)
    ids = [one + [pad] * (longest - len(one)) for one in pieces]
    mask = [[1] * len(one) + [0] * (longest - len(one)) for one in pieces]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


def reference_of(model: torch.nn.Module, batch: dict[str, torch.Tensor], tokenizer: tokenizers.Tokenizer) -> dict:
    model.set_attn_implementation("eager")
    with torch.no_grad():
        states = model.double()(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).double()
    mean = (states * mask).sum(1) / mask.sum(1)
    return {
        "source": "PyTorch, float64, from the weights as stored",
        "command": "python bench/peers/encoder_goldens.py",
        "version": f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}",
        "texts": TEXTS,
        "pieces": [tokenizer.encode(text).ids for text in TEXTS],
        "mean": [rounded(row) for row in mean],
        "normalised": [rounded(row) for row in torch.nn.functional.normalize(mean, dim=1)],
        "first": [rounded(row) for row in states[:, 0]],
        "max": [rounded(row) for row in states.masked_fill(mask == 0, -1e30).max(1).values],
    }


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


FAMILIES = {
    "bert": (
        word_piece, torch.float32,
        lambda size: transformers.BertConfig(vocab_size=size, max_position_embeddings=32, layer_norm_eps=1e-12, **SMALL),
        lambda config: transformers.BertModel(config, add_pooling_layer=False),
    ),
    "roberta": (
        byte_pair, torch.float16,
        lambda size: transformers.RobertaConfig(vocab_size=size, max_position_embeddings=42, layer_norm_eps=1e-5, **{**SMALL, "type_vocab_size": 1}),
        lambda config: transformers.RobertaModel(config, add_pooling_layer=False),
    ),
    "xlm-roberta": (
        unigram, torch.bfloat16,
        lambda size: transformers.XLMRobertaConfig(vocab_size=size, max_position_embeddings=42, layer_norm_eps=1e-5, **{**SMALL, "type_vocab_size": 1}),
        lambda config: transformers.XLMRobertaModel(config, add_pooling_layer=False),
    ),
    "distilbert": (
        word_piece, torch.float32,
        lambda size: transformers.DistilBertConfig(vocab_size=size, max_position_embeddings=32, dim=8, n_layers=2, n_heads=2, hidden_dim=16),
        transformers.DistilBertModel,
    ),
}  # fmt: skip


def weights_files(family: str, model: torch.nn.Module, dtype: torch.dtype) -> dict[str, dict[str, torch.Tensor]]:
    opening = "distilbert." if family == "distilbert" else ""
    tensors = {opening + name: weight.detach().to(dtype).contiguous() for name, weight in model.named_parameters()}
    if family == "distilbert":
        tensors["vocab_projector.bias"] = torch.zeros(model.config.vocab_size)
    if family == "bert":
        # as files of before transformers 4.31 have it: a table of whole numbers that is no weight
        tensors["embeddings.position_ids"] = torch.arange(32).unsqueeze(0)
    if family != "xlm-roberta":
        return {"model.safetensors": tensors}
    first = {name: one for name, one in tensors.items() if name.startswith("embeddings.")}
    rest = {name: one for name, one in tensors.items() if name not in first}
    return {"model-00001-of-00002.safetensors": first, "model-00002-of-00002.safetensors": rest}


def write_sentence_files(family: str, folder: Path) -> None:
    if family not in ("bert", "xlm-roberta"):
        return
    kinds = ["Transformer", "Pooling", *(["Normalize"] if family == "bert" else [])]
    paths = ["", "1_Pooling", "2_Normalize"]
    write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": paths[i], "type": f"sentence_transformers.models.{kind}"}
            for i, kind in enumerate(kinds)
        ],
    )
    modes = {"cls_token": family == "xlm-roberta", "mean_tokens": family == "bert", "max_tokens": False}
    flags = {f"pooling_mode_{mode}": on for mode, on in modes.items()}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 8, **flags})
    if family == "bert":
        write_json(folder / "sentence_bert_config.json", {"max_seq_length": 20, "do_lower_case": False})


def main(root: Path) -> None:
    for family, (make_tokenizer, dtype, make_config, make_model) in FAMILIES.items():
        tokenizer = make_tokenizer()
        config = make_config(tokenizer.get_vocab_size())
        model = make_model(config).eval()
        draw(model, dtype)
        folder = root / family
        folder.mkdir(parents=True, exist_ok=True)
        files = weights_files(family, model, dtype)
        for name, tensors in files.items():
            safetensors.torch.save_file(tensors, folder / name)
        if len(files) > 1:
            write_json(
                folder / "model.safetensors.index.json",
                {"metadata": {}, "weight_map": {name: file for file, part in files.items() for name in part}},
            )
        kept = {name: value for name, value in config.to_dict().items() if value is not None and value != {}}
        write_json(folder / "config.json", kept)
        write_json(folder / "tokenizer.json", json.loads(tokenizer.to_str()))
        write_sentence_files(family, folder)
        pad = config.pad_token_id or 0
        batch = batch_of(tokenizer, pad)
        export(model, family == "bert", batch, folder / "onnx" / "model.onnx")
        write_json(folder / "reference.json", reference_of(model, batch, tokenizer))


if __name__ == "__main__":
    default = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "encoders"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
