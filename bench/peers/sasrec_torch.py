"""SASRec in PyTorch: batch 128, length 50, width 64, 2 blocks, 2 heads, 12,000 items (model: decoder_torch.py).

`--feed-forward relu` is the paper's 64 → 64 → 64; `gelu` is 64 → 256 → 64.
Kang and McAuley 2018, arXiv:1808.09781; pre-norm and tied scores as there.
"""

from batches import Shape
from step_server import arguments, serve

INNER = {"relu": 64, "gelu": 256}

if __name__ == "__main__":
    parser = arguments(loss="bce", dropout=0.2, heads=2, attention="by-hand")
    parser.add_argument("--feed-forward", choices=list(INNER), default="relu")
    options = parser.parse_args()
    shape = Shape(batch=128, length=50, shortest=10, items=12_000, shared=256)
    serve(options, shape, width=64, blocks=2, inner=INNER[options.feed_forward], act=options.feed_forward)
