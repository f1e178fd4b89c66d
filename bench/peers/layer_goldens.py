"""Writes test/fixtures/layer-goldens.json: what PyTorch's own layers and losses return, and their gradients.

    python bench/peers/layer_goldens.py > test/fixtures/layer-goldens.json

Everything is float64 and drawn from one seed. `gradients` are those of Σ output·sin(1, 2, 3, …), row-major, with
respect to every float input and parameter. Weights are stored [inputs, outputs], the transpose of `nn.Linear`'s.
"""

import json
import sys

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(20)
torch.set_default_dtype(torch.float64)
CASES = {}


def flat(x):
    return {"shape": list(x.shape), "data": [float(v) for v in x.detach().reshape(-1).tolist()]}


def case(name, inputs, parameters, compute, **extra):
    """`compute(leaves)` returns the output from all leaves by name."""
    leaves = {}
    for key, value in {**inputs, **parameters}.items():
        leaf = value.detach().clone()
        leaves[key] = leaf.requires_grad_() if leaf.is_floating_point() else leaf
    output = compute(leaves)
    weights = torch.sin(torch.arange(1, output.numel() + 1).to(output)).reshape(output.shape)
    (output * weights).sum().backward()
    CASES[name] = {
        "inputs": {key: flat(leaves[key]) for key in inputs},
        "parameters": {key: flat(leaves[key]) for key in parameters},
        "output": flat(output),
        "gradients": {k: flat(v.grad) for k, v in leaves.items() if v.grad is not None},
        **{key: flat(value() if callable(value) else value) for key, value in extra.items()},
    }


def draw(*shape):
    return torch.randn(*shape)


def linear(name, inputs, outputs):
    return {f"{name}.weight": draw(inputs, outputs) * 0.5, f"{name}.bias": draw(outputs) * 0.5}


MASK = torch.tensor([[1.0, 1, 1, 1, 1], [1, 1, 1, 0, 0]])


def hidden(mask, causal):
    """True where a place may not be seen, [batch, 1, time, keys]."""
    time = mask.shape[1]
    unseen = (mask == 0)[:, None, None, :].expand(-1, 1, time, -1)
    return unseen | torch.ones(time, time, dtype=torch.bool).triu(1) if causal else unseen


def attention_weights(width):
    names = ("query", "key", "value", "output")
    return {k: v for name in names for k, v in linear(name, width, width).items()}


def multi_head(leaf, query, context, unseen, heads, prefix=""):
    """`F.multi_head_attention_forward` with our weights."""
    p = {k: leaf[f"{prefix}{k}"] for k in attention_weights(1)}
    width = query.shape[-1]
    merged, _ = F.multi_head_attention_forward(
        query.transpose(0, 1), context.transpose(0, 1), context.transpose(0, 1), width, heads,
        torch.cat([p[f"{n}.weight"].t() for n in ("query", "key", "value")]),
        torch.cat([p[f"{n}.bias"] for n in ("query", "key", "value")]),
        None, None, False, 0.0, p["output.weight"].t(), p["output.bias"], need_weights=False,
        attn_mask=None if unseen is None else unseen.expand(-1, heads, -1, -1).flatten(0, 1),
    )
    return merged.transpose(0, 1)


x = draw(2, 5, 6)
case("attention, causal and padded", {"x": x}, attention_weights(6),
     lambda l: multi_head(l, l["x"], l["x"], hidden(MASK, True), 2))
case("attention to another sequence", {"x": x, "context": draw(2, 3, 6)}, attention_weights(6),
     lambda l: multi_head(l, l["x"], l["context"], None, 3))


def turned(v):
    """Rotary positions by complex numbers, pairs half a width apart."""
    time, width = v.shape[-2:]
    angle = torch.outer(torch.arange(time).double(), 10_000.0 ** (-torch.arange(0, width, 2).double() / width))
    pairs = torch.complex(v[..., : width // 2], v[..., width // 2 :]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([pairs.real, pairs.imag], -1)


case("rotary positions", {"x": draw(2, 2, 5, 6)}, {}, lambda l: turned(l["x"]))
case("layer norm", {"x": draw(2, 3, 4)}, {"scale": draw(4), "shift": draw(4)},
     lambda l: F.layer_norm(l["x"], [4], l["scale"], l["shift"], 1e-5))
case("rms norm", {"x": draw(2, 3, 4)}, {"scale": draw(4)},
     lambda l: F.rms_norm(l["x"], [4], l["scale"], 1e-5))
mean, variance = torch.zeros(3), torch.ones(3)
case("batch norm", {"x": draw(4, 3, 2)}, {"scale": draw(3), "shift": draw(3)},
     lambda l: F.batch_norm(l["x"], mean, variance, l["scale"], l["shift"], True, 0.1, 1e-5),
     mean=lambda: mean, variance=lambda: variance)


def two_layers(l, act):
    return act(l["x"] @ l["inner.weight"] + l["inner.bias"]) @ l["output.weight"] + l["output.bias"]


for name, act in (("gelu", F.gelu), ("relu", F.relu)):
    case(f"feed-forward, {name}", {"x": draw(2, 3, 4)}, {**linear("inner", 4, 8), **linear("output", 8, 4)},
         lambda l, act=act: two_layers(l, act))
case("feed-forward, swiglu", {"x": draw(2, 3, 4)},
     {"inner.weight": draw(4, 6), "gate.weight": draw(4, 6), "output.weight": draw(6, 4)},
     lambda l: (F.silu(l["x"] @ l["gate.weight"]) * (l["x"] @ l["inner.weight"])) @ l["output.weight"])


def block_weights(width, inner):
    norms = {f"{n}.{k}": 1 + 0.3 * draw(width) for n in ("attentionNorm", "feedForwardNorm") for k in ("scale", "shift")}
    return {**{f"attention.{k}": v for k, v in attention_weights(width).items()}, **norms,
            **linear("feedForward.inner", width, inner), **linear("feedForward.output", inner, width)}


def block(l, first):
    """`nn.TransformerEncoderLayer` with our weights in place of its own."""
    layer = nn.TransformerEncoderLayer(6, 2, 8, 0.0, "gelu", batch_first=True, norm_first=first).train()
    ours = {
        "self_attn.in_proj_weight": torch.cat([l[f"attention.{n}.weight"].t() for n in ("query", "key", "value")]),
        "self_attn.in_proj_bias": torch.cat([l[f"attention.{n}.bias"] for n in ("query", "key", "value")]),
        "self_attn.out_proj.weight": l["attention.output.weight"].t(),
        "self_attn.out_proj.bias": l["attention.output.bias"],
        "norm1.weight": l["attentionNorm.scale"], "norm1.bias": l["attentionNorm.shift"],
        "norm2.weight": l["feedForwardNorm.scale"], "norm2.bias": l["feedForwardNorm.shift"],
        "linear1.weight": l["feedForward.inner.weight"].t(), "linear1.bias": l["feedForward.inner.bias"],
        "linear2.weight": l["feedForward.output.weight"].t(), "linear2.bias": l["feedForward.output.bias"],
    }
    unseen = torch.ones(5, 5, dtype=torch.bool).triu(1)
    return torch.func.functional_call(layer, ours, (l["x"],), {"src_mask": unseen})


case("transformer block, norm first", {"x": draw(2, 5, 6)}, block_weights(6, 8), lambda l: block(l, True))
case("transformer block, norm last", {"x": draw(2, 5, 6)}, block_weights(6, 8), lambda l: block(l, False))


def gru(l):
    """`nn.GRU`; its gates are in the order reset, update, candidate."""
    layer = nn.GRU(3, 4, batch_first=True)
    ours = {"weight_ih_l0": l["input"].t(), "weight_hh_l0": l["hidden"].t(),
            "bias_ih_l0": l["inputBias"], "bias_hh_l0": l["hiddenBias"]}
    return torch.func.functional_call(layer, ours, (l["x"],))[0]


case("gru", {"x": draw(2, 5, 3)},
     {"input": draw(3, 12), "hidden": draw(4, 12), "inputBias": draw(12), "hiddenBias": draw(12)}, gru)
case("convolution over time, causal", {"x": draw(2, 6, 3)}, {"weight": draw(4, 3, 3), "bias": draw(4)},
     lambda l: F.conv1d(F.pad(l["x"].transpose(1, 2), (2, 0)), l["weight"], l["bias"]).transpose(1, 2))
case("convolution over time, same length", {"x": draw(2, 6, 3)}, {"weight": draw(4, 3, 3), "bias": draw(4)},
     lambda l: F.conv1d(l["x"].transpose(1, 2), l["weight"], l["bias"], padding="same").transpose(1, 2))

# losses: one number an example
y = torch.rand(7)
case("loss binaryCrossEntropy", {"prediction": draw(7) * 3, "target": y}, {},
     lambda l: F.binary_cross_entropy_with_logits(l["prediction"], l["target"].detach(), reduction="none"))
for name, compute in {
    "squaredError": lambda p, t: F.mse_loss(p, t, reduction="none"),
    "absoluteError": lambda p, t: F.l1_loss(p, t, reduction="none"),
    "huber": lambda p, t: F.huber_loss(p, t, reduction="none", delta=0.7),
    "poisson": lambda p, t: F.poisson_nll_loss(p, t, log_input=True, full=False, reduction="none"),
    "bpr": lambda p, t: -F.logsigmoid(p - t),
}.items():
    case(f"loss {name}", {"prediction": draw(7), "target": torch.rand(7) * 3}, {},
         lambda l, compute=compute: compute(l["prediction"], l["target"]))

states, table = draw(2, 3, 4), draw(9, 4)
targets, negatives = torch.tensor([[1, 8, 0], [3, 3, 5]]), torch.tensor([2, 3, 7, 3, 0])
log_chance = torch.log_softmax(draw(9), 0)


def tied(l, smoothing):
    scores = (l["states"] @ l["table"].t()).flatten(0, 1)
    return F.cross_entropy(scores, l["targets"].flatten(), reduction="none", label_smoothing=smoothing).view(2, 3)


for smoothing in (0.0, 0.1):
    case(f"loss tiedCrossEntropy, smoothing {smoothing}", {"states": states, "table": table, "targets": targets}, {},
         lambda l, smoothing=smoothing: tied(l, smoothing))


def sampled(l, hits):
    adjusted = (l["states"] @ l["table"].t() - l["logChance"].detach()).flatten(0, 1)
    taken = adjusted.gather(1, l["targets"].view(-1, 1))
    others = adjusted[:, l["negatives"]]
    if hits:
        others = others.masked_fill(l["targets"].view(-1, 1) == l["negatives"], float("-inf"))
    scores = torch.cat([taken, others], 1)
    return F.cross_entropy(scores, torch.zeros(6, dtype=torch.long), reduction="none").view(2, 3)


for hits in (True, False):
    case(f"loss sampledSoftmax, {'hits left out' if hits else 'hits kept'}",
         {"states": states, "table": table, "targets": targets, "negatives": negatives, "logChance": log_chance}, {},
         lambda l, hits=hits: sampled(l, hits))


def info_nce(l):
    a, b = F.normalize(l["left"], dim=-1), F.normalize(l["right"], dim=-1)
    scores, own = a @ b.t() / 0.2, torch.arange(4)
    return (F.cross_entropy(scores, own, reduction="none") + F.cross_entropy(scores.t(), own, reduction="none")) / 2


case("loss infoNce", {"left": draw(4, 3), "right": draw(4, 3)}, {}, info_nce)


def zero_inflated(l):
    logit, location, raw = l["scores"].unbind(-1)
    target, spent = l["target"].detach(), (l["target"].detach() > 0).double()
    density = torch.distributions.LogNormal(location, F.softplus(raw)).log_prob(torch.where(spent > 0, target, 1.0))
    return F.binary_cross_entropy_with_logits(logit, spent, reduction="none") - spent * density


case("loss zeroInflatedLogNormal", {"scores": draw(5, 3), "target": torch.tensor([0, 3.5, 0, 0.2, 40.0])}, {},
     zero_inflated)

json.dump({"source": "PyTorch", "version": torch.__version__.split("+")[0],
           "command": "python bench/peers/layer_goldens.py > test/fixtures/layer-goldens.json",
           "cases": CASES}, sys.stdout, separators=(",", ":"))
print()
