"""A decoder of 6.2 million parameters in PyTorch: width 256, 4 blocks, 4 heads, feed-forward 1,024 with GELU,
batch 32, length 128 without padding, 12,000 items (model: decoder_torch.py)."""

from batches import Shape
from step_server import arguments, serve

if __name__ == "__main__":
    options = arguments(loss="sampled", dropout=0.1, heads=4, attention="fused").parse_args()
    shape = Shape(batch=32, length=128, shortest=128, items=12_000, shared=256)
    serve(options, shape, width=256, blocks=4, inner=1024, act="gelu")
