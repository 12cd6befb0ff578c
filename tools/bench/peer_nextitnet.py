#!/usr/bin/env python3
"""PyTorch on the shape of `ctrengine bench --shape sequence --model nextitnet|peterrec`, for comparison.

NextItNet (Yuan et al., WSDM 2019): 50,000 items, --length items a row, batch 128, 8 residual blocks of two causal
convolutions of 3 taps, dilations 1 2 4 8 four times, layer norms, ReLU. Each place but the last tells the next item by a
softmax over itself and 10,000 log-uniform items that the whole batch shares; what of the sample equals a row's target is
left out, and log expected counts are taken off. Tables are sparse=True with SparseAdam, the rest Adam.
PeterRec (Yuan et al., SIGIR 2020): the same net over the row and CLS, f at CLS, binary cross-entropy of <f, R_item>.
--train patches: patches behind both convolutions learn, the last norm of each block, CLS and R; all: no patches,
everything learns. Prints one JSON line with samples_per_s (rows), the median over timed blocks.

    python3 tools/bench/peer_nextitnet.py --model nextitnet --length 100 --dim 64 --threads 2
"""
import os
import sys

if "OMP_WAIT_POLICY" not in os.environ:  # threads that spin disturb each other on a shared machine
    os.environ["OMP_WAIT_POLICY"] = "passive"
    os.execv(sys.executable, [sys.executable] + sys.argv)

import argparse
import json
import math
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ITEMS, SAMPLES, TAPS = 50_000, 10_000, 3
DILATIONS = [1, 2, 4, 8] * 4  # of the sixteen convolutions

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="nextitnet", choices=["nextitnet", "peterrec"])
parser.add_argument("--train", default="patches", choices=["patches", "all"], help="of peterrec")
parser.add_argument("--length", type=int, default=50, help="items of a row")
parser.add_argument("--dim", type=int, default=64)
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=5, help="steps of a timed block")
parser.add_argument("--blocks", type=int, default=5)
parser.add_argument("--conv", default="nhwc", choices=["conv1d", "nhwc", "beside", "taps"],
                    help="nn.Conv1d on [B, D, T]; 2-D convolution on the same memory as [B, T, D]; one linear layer "
                         "of what the taps see side by side; one linear layer a tap")
parser.add_argument("--rows", type=int, default=256, help="rows of the softmax scored at once; 0: all")
parser.add_argument("--loss", default="entropy", choices=["entropy", "logsumexp"])
parser.add_argument("--compile", action="store_true")
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
torch.manual_seed(1)
random = np.random.default_rng(1)
dim = arguments.dim


class CausalConv(nn.Module):
    """x [B, T, D] -> [B, T, D]"""

    def __init__(self, dilation):
        super().__init__()
        self.dilation = dilation
        self.weight = nn.Parameter(torch.randn(dim, dim, TAPS) * 0.02)
        self.bias = nn.Parameter(torch.zeros(dim))
        if arguments.conv == "beside":
            self.weight = nn.Parameter(self.weight.detach().permute(0, 2, 1).reshape(dim, TAPS * dim).contiguous())
        if arguments.conv == "taps":
            self.weight = nn.Parameter(self.weight.detach().permute(2, 0, 1).contiguous())
        if arguments.conv == "nhwc":
            weight = self.weight.detach().unsqueeze(2).contiguous(memory_format=torch.channels_last)
            self.weight = nn.Parameter(weight)

    def forward(self, x):
        back, length = (TAPS - 1) * self.dilation, x.shape[1]
        padded = F.pad(x, (0, 0, back, 0))
        if arguments.conv == "conv1d":
            return F.conv1d(padded.transpose(1, 2), self.weight, self.bias, dilation=self.dilation).transpose(1, 2)
        if arguments.conv == "nhwc":
            y = F.conv2d(padded.transpose(1, 2).unsqueeze(2), self.weight, self.bias, dilation=(1, self.dilation))
            return y.squeeze(2).transpose(1, 2)
        seen = [padded[:, tap * self.dilation:tap * self.dilation + length] for tap in range(TAPS)]
        if arguments.conv == "beside":
            return F.linear(torch.cat(seen, 2), self.weight, self.bias)
        return sum((F.linear(one, w) for one, w in zip(seen[1:], self.weight[1:])),
                   F.linear(seen[0], self.weight[0], self.bias))


class Patch(nn.Module):
    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Linear(dim, dim // 8), nn.Linear(dim // 8, dim)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, first, second, patched):
        super().__init__()
        self.conv1, self.conv2 = CausalConv(first), CausalConv(second)
        self.ln1, self.ln2 = nn.LayerNorm(dim, eps=1e-8), nn.LayerNorm(dim, eps=1e-8)
        self.mp1, self.mp2 = (Patch(), Patch()) if patched else (nn.Identity(), nn.Identity())

    def forward(self, x):
        u = F.relu(self.ln1(self.mp1(self.conv1(x))))
        return x + F.relu(self.ln2(self.mp2(self.conv2(u))))


class Net(nn.Module):
    def __init__(self, patched):
        super().__init__()
        self.embedding = nn.Embedding(ITEMS, dim, sparse=True)
        nn.init.trunc_normal_(self.embedding.weight, std=0.02, a=-0.04, b=0.04)
        self.blocks = nn.Sequential(
            *[Block(a, b, patched) for a, b in zip(DILATIONS[::2], DILATIONS[1::2])])


def probability(ids):
    """Of the log-uniform sampler over the items 1 ... ITEMS - 1."""
    return torch.log1p(1 / ids.double()) / math.log(ITEMS)


class Sample:
    """Distinct items, and where each item stands among them (-1: nowhere)."""

    def __init__(self):
        seen, order, tries = np.zeros(ITEMS, bool), [], 0
        while len(order) < SAMPLES:  # draws in bulk, in their order
            draws = np.minimum(np.exp(random.random(SAMPLES) * math.log(ITEMS)).astype(np.int64), ITEMS - 1)
            first = np.sort(np.unique(draws, return_index=True)[1])
            fresh = first[~seen[draws[first]]][:SAMPLES - len(order)]
            done = len(order) + len(fresh) == SAMPLES
            tries += int(fresh[-1]) + 1 if done else SAMPLES
            seen[draws[fresh]] = True
            order.extend(draws[fresh].tolist())
        self.ids, self.tries = torch.tensor(order), tries
        self.place = torch.full((ITEMS,), -1)
        self.place[self.ids] = torch.arange(SAMPLES)

    def log_expected(self, ids):
        return torch.log(-torch.expm1(self.tries * torch.log1p(-probability(ids)))).float()


class NextItNet(Net):
    def __init__(self):
        super().__init__(False)
        self.head = nn.Embedding(ITEMS, dim, sparse=True)
        self.head_bias = nn.Embedding(ITEMS, 1, sparse=True)
        nn.init.trunc_normal_(self.head.weight, std=0.02, a=-0.04, b=0.04)
        nn.init.zeros_(self.head_bias.weight)

    def loss(self, ids, item, label):
        h = self.blocks(self.embedding(ids[:, :-1])).flatten(0, 1)
        target, sample = ids[:, 1:].flatten(), Sample()
        weight, shift = self.head(sample.ids), self.head_bias(sample.ids).squeeze(1) - sample.log_expected(sample.ids)
        own = (h * self.head(target)).sum(1) + self.head_bias(target).squeeze(1) - sample.log_expected(target)
        place, rows = sample.place[target], arguments.rows or len(target)
        total = 0
        for begin in range(0, len(target), rows):
            total = total + self.part(h[begin:begin + rows], own[begin:begin + rows], place[begin:begin + rows],
                                      weight, shift)
        return total / len(target)

    def part(self, h, own, place, weight, shift):
        scores = torch.addmm(shift, h, weight.t())
        with torch.no_grad():  # its gradient is 0 by itself
            hit = (place >= 0).nonzero().squeeze(1)
            scores[hit, place[hit]] = -math.inf
        if arguments.loss == "logsumexp":
            return (torch.logaddexp(scores.logsumexp(1), own) - own).sum()
        scores = torch.cat([own.unsqueeze(1), scores], 1)
        return F.cross_entropy(scores, torch.zeros(len(own), dtype=torch.long), reduction="sum")


class PeterRec(Net):
    def __init__(self):
        super().__init__(arguments.train == "patches")
        self.cls = nn.Parameter(torch.randn(dim) * 0.02)
        self.target = nn.Embedding(ITEMS, dim, sparse=True)
        nn.init.trunc_normal_(self.target.weight, std=0.02, a=-0.04, b=0.04)
        if arguments.train == "patches":
            self.embedding.requires_grad_(False)
            for block in self.blocks:
                for part in (block.conv1, block.conv2, block.ln1):
                    part.requires_grad_(False)

    def loss(self, ids, item, label):
        x = torch.cat([self.embedding(ids), self.cls.expand(len(ids), 1, dim)], 1)
        f = self.blocks(x)[:, -1]
        return F.binary_cross_entropy_with_logits((f * self.target(item)).sum(1), label)


def ids(*shape):  # skewed: floor(n u^4)
    return torch.from_numpy(1 + ((ITEMS - 1) * random.random(shape) ** 4).astype(np.int64))


model = NextItNet() if arguments.model == "nextitnet" else PeterRec()
if arguments.compile:
    model.blocks = torch.compile(model.blocks)
tables = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
trained = [p for p in model.parameters() if p.requires_grad]
optimizers = [torch.optim.SparseAdam([p for p in trained if id(p) in tables], 1e-3),
              torch.optim.Adam([p for p in trained if id(p) not in tables], 1e-3)]
batches = []
for _ in range(8):
    labels = torch.from_numpy((random.random(arguments.batch) < 0.25).astype(np.float32))
    batches.append((ids(arguments.batch, arguments.length), ids(arguments.batch), labels))


def step(number):
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    model.loss(*batches[number % len(batches)]).backward()
    for optimizer in optimizers:
        optimizer.step()


for number in range(3):
    step(number)
rates = []
for _ in range(arguments.blocks):
    begin = time.perf_counter()
    for number in range(arguments.steps):
        step(number)
    rates.append(arguments.batch * arguments.steps / (time.perf_counter() - begin))
print(json.dumps({"engine": "pytorch " + torch.__version__, "model": arguments.model, "train": arguments.train,
                  "length": arguments.length, "batch": arguments.batch, "dim": dim, "conv": arguments.conv,
                  "rows": arguments.rows, "loss": arguments.loss, "compiled": arguments.compile,
                  "threads": arguments.threads, "samples_per_s": round(statistics.median(rates), 1),
                  "spread": [round(min(rates), 1), round(max(rates), 1)]}))
