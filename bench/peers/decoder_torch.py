"""The decoder both PyTorch peers train. The TypeScript side builds this very model:

    table      [items, width]   normal(0, .02); row 0 is padding, an ordinary row otherwise
    positions  [length, width]  normal(0, .02)
    x = dropout(table[inputs] + positions)                                  dropout 1: embedding
    for each block:
        h = layer_norm(x)                    scale [width], shift [width]; eps 1e-5
        q, k, v = split(h · Wqkv + bqkv)     Wqkv [width, 3 width], bqkv [3 width]
        a = softmax(q · kᵀ / √(width/heads) + causal)                       every head alone
        a = dropout(a) · v                                                  dropout 2: probabilities
        x = x + dropout(a · Wout + bout)     Wout [width, width]            dropout 3: attention output
        h = layer_norm(x)
        f = act(h · Win + bin)               Win [width, inner]
        x = x + dropout(f · Wback + bback)   Wback [inner, width]           dropout 4: feed-forward
    h = layer_norm(x)                        the state a loss sees; scores are h · tableᵀ, no bias

Matrices start as normal(0, .02), biases and shifts as 0, scales as 1. `act` is ReLU or GELU (erf).
No padding mask: rows start with their real items, so no real position can look at padding.

Losses, each the mean over the real positions (target ≠ 0), computed at all positions:

    bce      softplus(−h·table[target]) + softplus(h·table[negative])
    sampled  −log softmax over the target and the 256 shared negatives, each score less its item's
             log q; a negative that happens to be the target is kept
    full     −log softmax over all items

AdamW on every parameter: rate .001, betas .9 and .999, eps 1e-8, decay .01; no clipping.

Attention by hand and `scaled_dot_product_attention` were both measured (`--attention`). With dropout they are
level: the fused CPU kernel knows no dropout, so PyTorch takes the same steps. Without, by hand is faster at
SASRec's width (31 ms a step against 47) and fused at the transformer's (600 against 740): each is the default.
"""

import torch
import torch.nn.functional as F
from torch import nn

from batches import Batch, log_popularity


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, length: int, dropout: float, fused: bool):
        super().__init__()
        self.heads, self.dropout, self.fused = heads, dropout, fused
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        ahead = torch.full((length, length), float("-inf")).triu(1)
        self.register_buffer("ahead", ahead, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        if self.fused:
            mixed = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout, is_causal=True)
        else:
            scores = (q * (width // self.heads) ** -0.5) @ k.transpose(-2, -1) + self.ahead
            mixed = F.dropout(F.softmax(scores, -1), self.dropout) @ v
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, length: int, inner: int, act, dropout: float, fused: bool):
        super().__init__()
        self.attention_norm, self.forward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, length, dropout, fused)
        self.inner, self.back = nn.Linear(width, inner), nn.Linear(inner, width)
        self.act, self.dropout = act, dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + F.dropout(self.attention(self.attention_norm(x)), self.dropout)
        return x + F.dropout(self.back(self.act(self.inner(self.forward_norm(x)))), self.dropout)


class Decoder(nn.Module):
    """Ids [batch, length] to states [batch, length, width]."""

    def __init__(self, *, items: int, width: int, heads: int, blocks: int, length: int, inner: int, act,
                 dropout: float, fused: bool):
        super().__init__()
        self.table = nn.Embedding(items, width)
        self.positions = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(
            Block(width, heads, length, inner, act, dropout, fused) for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.dropout = dropout
        nn.init.normal_(self.positions, std=0.02)
        nn.init.normal_(self.table.weight, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        x = F.dropout(self.table(inputs) + self.positions, self.dropout)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Training(nn.Module):
    """The decoder with its loss: one batch in, one number out."""

    def __init__(self, decoder: Decoder, loss: str):
        super().__init__()
        self.decoder, self.loss = decoder, loss
        popularity = torch.from_numpy(log_popularity(decoder.table.num_embeddings))
        self.register_buffer("log_popularity", popularity, persistent=False)

    def forward(self, inputs, targets, negatives, shared) -> torch.Tensor:
        state = self.decoder(inputs)
        table = self.decoder.table
        if self.loss == "full":
            return F.cross_entropy((state @ table.weight.t()).flatten(0, 1), targets.flatten(), ignore_index=0)
        real = (targets != 0).float()
        positive = (state * table(targets)).sum(-1)
        if self.loss == "bce":
            each = F.softplus(-positive) + F.softplus((state * table(negatives)).sum(-1))
        else:
            positive = positive - self.log_popularity[targets]
            others = state @ table(shared).t() - self.log_popularity[shared]
            each = torch.logaddexp(positive, others.logsumexp(-1)) - positive
        return (each * real).sum() / real.sum()


def make_step(training: Training, compiled: bool):
    """One step, AdamW included: a batch of tensors in, the loss out."""
    optimizer = torch.optim.AdamW(training.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    loss_of = torch.compile(training, dynamic=False) if compiled else training

    def step(batch: tuple[torch.Tensor, ...]) -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(*batch)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def to_tensors(batch: Batch) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(ids) for ids in (batch.inputs, batch.targets, batch.negatives, batch.shared))
