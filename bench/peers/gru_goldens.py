"""Outputs and gradients of torch.nn.GRU on small fixed numbers: python bench/peers/gru_goldens.py > test/fixtures/gru-goldens.json"""

import json

import torch

BATCH, TIME, WIDTH, HIDDEN = 2, 4, 3, 2


def fixed(*shape):
    """Numbers anyone can write down again: sin of 1.7 k + .3, k from a running count."""
    count = 1
    for size in shape:
        count *= size
    start = fixed.used
    fixed.used += count
    places = torch.arange(start, start + count, dtype=torch.float64)
    return torch.sin(1.7 * places + 0.3).reshape(shape)


fixed.used = 0

torch.set_default_dtype(torch.float64)
layer = torch.nn.GRU(WIDTH, HIDDEN, batch_first=True)
names = {"input": "weight_ih_l0", "hidden": "weight_hh_l0", "inputBias": "bias_ih_l0", "hiddenBias": "bias_hh_l0"}
x = fixed(BATCH, TIME, WIDTH).requires_grad_()
start = fixed(BATCH, HIDDEN).requires_grad_()
with torch.no_grad():
    for name in names.values():
        parameter = getattr(layer, name)
        parameter.copy_(fixed(*parameter.shape))
upstream = fixed(BATCH, TIME, HIDDEN)
lengths = torch.tensor([4, 2])


def flat(tensor):
    return [float(f"{value:.12g}") for value in tensor.detach().flatten().tolist()]


def weights(read):
    """PyTorch keeps [3 * hidden, width]; the engine keeps the transpose."""
    return {name: flat(read(getattr(layer, torch_name)).T if name in ("input", "hidden") else read(getattr(layer, torch_name)))
            for name, torch_name in names.items()}


states, last = layer(x, start.unsqueeze(0))
(states * upstream).sum().backward()
whole = {
    "states": flat(states),
    "last": flat(last[0]),
    "gradients": {"x": flat(x.grad), "start": flat(start.grad), **weights(lambda parameter: parameter.grad)},
}

for tensor in [x, start, *layer.parameters()]:
    tensor.grad = None
packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
_, last = layer(packed, start.unsqueeze(0))
(last[0] * upstream[:, 0]).sum().backward()
padded = {
    "last": flat(last[0]),
    "gradients": {"x": flat(x.grad), "start": flat(start.grad), **weights(lambda parameter: parameter.grad)},
}

print(json.dumps({
    "source": "torch.nn.GRU in float64, batch_first; padded: pack_padded_sequence",
    "command": "python bench/peers/gru_goldens.py > test/fixtures/gru-goldens.json",
    "version": f"torch {torch.__version__.split('+')[0]}",
    "shape": {"batch": BATCH, "time": TIME, "width": WIDTH, "hidden": HIDDEN},
    "feeds": {"x": flat(x), "start": flat(start), "upstream": flat(upstream), "lengths": lengths.tolist(),
              **weights(lambda parameter: parameter)},
    "whole": whole,
    "padded": padded,
}))
