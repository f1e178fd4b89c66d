"""Makes the tiny BERT encoders in test/fixtures: one set of seeded weights, exported in four styles, with PyTorch's own
outputs and gradients as the oracle.

    pip install torch==2.15.0 transformers==5.23.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.31.1
    python bench/peers/export_tiny_bert.py [folder]

What each file is:
  tiny-bert.onnx            torch's TorchScript exporter (dynamo=False), opset 14: layer norm and GELU decomposed, shape
                            plumbing, one Constant node per number. The attention mask is (1 - mask) * -3.4e38, as
                            transformers 4 computed it: the wrapper below computes it and hands it to the model, because
                            transformers 5 builds its own masks.
  tiny-bert-sdpa.onnx       the same exporter and opset with all of transformers 5: its mask (Range, GreaterOrEqual, And,
                            Where) and scaled dot-product attention (IsNaN, Where).
  tiny-bert-dynamo.onnx     torch's present exporter (dynamo=True), opset 20: LayerNormalization and Gelu as single ops.
  tiny-bert-quantised.onnx  tiny-bert.onnx after onnxruntime's dynamic quantisation (DynamicQuantizeLinear, MatMulInteger).
  tiny-bert.json            inputs, outputs and gradients, computed in float64 by PyTorch and rounded to float32.

The exporters write the source paths of this machine into the files; `strip` takes those and other comments out, and
leaves nodes, initializers, inputs and outputs as they were exported.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

warnings.filterwarnings("ignore")

SEED = 20260101
INPUTS = ["input_ids", "attention_mask"]
OUTPUT = "last_hidden_state"
# Weights whose gradients are kept, by PyTorch's names.
GRADIENTS = [
    "embeddings.word_embeddings.weight",
    "encoder.layer.0.attention.self.query.weight",
    "encoder.layer.0.intermediate.dense.bias",
    "encoder.layer.1.attention.output.LayerNorm.weight",
]


def make_bert() -> transformers.BertModel:
    config = transformers.BertConfig(
        vocab_size=100,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=16,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    bert = transformers.BertModel(config, add_pooling_layer=False).eval()
    chance = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, weight in bert.named_parameters():
            noise = 0.2 * torch.randn(weight.shape, generator=chance)
            # Away from 1 and 0, so that a forgotten scale or bias shows.
            weight.copy_(1 + noise if name.endswith("LayerNorm.weight") else noise)
    return bert


class Encoder(torch.nn.Module):
    """(input_ids, attention_mask) -> last_hidden_state, and nothing else."""

    def __init__(self, bert: transformers.BertModel, attention: str, own_mask: bool):
        super().__init__()
        self.bert = bert
        self.attention = attention
        self.own_mask = own_mask

    def forward(self, input_ids, attention_mask):
        if self.own_mask:
            dtype = self.bert.embeddings.word_embeddings.weight.dtype
            seen = attention_mask.unsqueeze(1).unsqueeze(2).to(dtype)
            attention_mask = (1.0 - seen) * torch.finfo(torch.float32).min
        return self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def make_cases() -> list[dict[str, torch.Tensor]]:
    """Two batches of different sizes, with padding at the end of some rows."""
    chance = torch.Generator().manual_seed(SEED + 1)
    cases = []
    for lengths, width in [([7, 5], 7), ([4, 1, 3], 4)]:
        mask = torch.tensor([[int(i < length) for i in range(width)] for length in lengths])
        ids = torch.randint(1, 100, mask.shape, generator=chance) * mask
        cases.append({"input_ids": ids, "attention_mask": mask})
    return cases


def loss_of(hidden: torch.Tensor) -> torch.Tensor:
    """mean((hidden - sin(i))^2), i the row-major position. A plain mean of squares would hide errors: layer norm makes
    it nearly constant."""
    target = torch.sin(torch.arange(hidden.numel(), dtype=hidden.dtype)).reshape(hidden.shape)
    return ((hidden - target) ** 2).mean()


def export(encoder: Encoder, case: dict[str, torch.Tensor], path: Path, dynamo: bool) -> None:
    encoder.bert.set_attn_implementation(encoder.attention)
    axes = {0: "batch", 1: "sequence"}
    if dynamo:
        dims = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")}
        style = {"dynamo": True, "opset_version": 20, "dynamic_shapes": (dims, dims), "external_data": False}
    else:
        style = {"dynamo": False, "opset_version": 14, "dynamic_axes": {name: axes for name in [*INPUTS, OUTPUT]}}
    torch.onnx.export(
        encoder, tuple(case.values()), str(path), input_names=INPUTS, output_names=[OUTPUT], **style
    )
    strip(path)


def strip(path: Path) -> None:
    model = onnx.load(path)
    model.doc_string = model.graph.doc_string = ""
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for part in [*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        part.doc_string = ""
        del part.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def rounded(values: torch.Tensor | np.ndarray) -> list[float]:
    """float32, in as few digits as give it back."""
    return [float(np.format_float_positional(v, unique=True)) for v in np.asarray(values, np.float32).ravel()]


def initializer_of(weight: np.ndarray, model: onnx.ModelProto) -> dict[str, object]:
    """Where an exporter put a weight: as it was, or transposed under a name of its own."""
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        for transposed, candidate in [(False, weight), (True, weight.T)]:
            if values.shape == candidate.shape and np.array_equal(values, candidate):
                return {"name": tensor.name, "transposed": transposed}
    raise LookupError("an exported weight was not found")


def main(folder: Path) -> None:
    bert = make_bert()
    cases = make_cases()
    paths = {style: folder / f"tiny-bert{style}.onnx" for style in ["", "-sdpa", "-dynamo", "-quantised"]}
    export(Encoder(bert, "eager", own_mask=True), cases[0], paths[""], dynamo=False)
    export(Encoder(bert, "sdpa", own_mask=False), cases[0], paths["-sdpa"], dynamo=False)
    export(Encoder(bert, "eager", own_mask=False), cases[0], paths["-dynamo"], dynamo=True)
    quantize_dynamic(paths[""], paths["-quantised"], weight_type=QuantType.QInt8)
    strip(paths["-quantised"])

    weights = {name: bert.get_parameter(name).detach().numpy().copy() for name in GRADIENTS}
    exported = {path.name: onnx.load(path) for style, path in paths.items() if style != "-quantised"}
    reference = {
        "source": "PyTorch, float64, from the float32 weights of tiny-bert.onnx",
        "command": "python bench/peers/export_tiny_bert.py",
        "version": f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}",
        "loss": "mean((last_hidden_state - sin(i))^2), i the row-major position",
        "weights": {
            name: {
                "dims": list(weight.shape),
                "initializers": {file: initializer_of(weight, model) for file, model in exported.items()},
            }
            for name, weight in weights.items()
        },
        "cases": [],
    }

    exact = Encoder(bert.double(), "eager", own_mask=True)
    bert.set_attn_implementation("eager")
    for case in cases:
        bert.zero_grad()
        hidden = exact(**case)
        loss = loss_of(hidden)
        loss.backward()
        gradients = {name: bert.get_parameter(name).grad for name in GRADIENTS}
        for name, gradient in gradients.items():
            assert gradient.abs().max() > 1e-4, f"{name} has no gradient to compare"
        reference["cases"].append(
            {
                "dims": list(case["input_ids"].shape),
                **{name: values.flatten().tolist() for name, values in case.items()},
                OUTPUT: rounded(hidden.detach()),
                "loss": rounded(loss.detach())[0],
                # In the layout of PyTorch's weight, which an initializer may have transposed.
                "gradients": {name: rounded(gradient) for name, gradient in gradients.items()},
            }
        )
        for path in paths.values():
            feeds = {name: values.numpy() for name, values in case.items()}
            got = onnxruntime.InferenceSession(path).run(None, feeds)[0]
            error = np.abs(got - hidden.detach().numpy()).max()
            print(f"{path.name} {path.stat().st_size} bytes, largest error {error:.2e}")
            assert error < (0.5 if path == paths["-quantised"] else 1e-5), path.name
    (folder / "tiny-bert.json").write_text(json.dumps(reference, separators=(",", ":"))+ "\n")


if __name__ == "__main__":
    default = Path(__file__).resolve().parents[2] / "test" / "fixtures"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
