#!/usr/bin/env python3
"""PyTorch on the shape of `ctrengine bench --shape taobao-10 --model apg|mlp`, for comparison.

Frozen 128-d vectors of 23,778 users and 6,932 items, a trained 128-d table of 10 domains; layers 256-128-64, batch
1024, Adam. apg: S(z) K x K from z = mean(user, domain), U = U_l U_r and V = V_l V_r with P 32. Ids are floor(n u^4) as in
the engine's bench. Prints one JSON line with samples_per_s, the median over timed blocks.

    python3 tools/bench/peer_taobao10.py --model apg --threads 2
"""
import os
import sys

if "OMP_WAIT_POLICY" not in os.environ:  # threads that spin disturb each other on a shared machine
    os.environ["OMP_WAIT_POLICY"] = "passive"
    os.execv(sys.executable, [sys.executable] + sys.argv)

import argparse
import json
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

USERS, ITEMS, DOMAINS, WIDTH = 23778, 6932, 10, 128

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="apg", choices=["apg", "mlp"])
parser.add_argument("--batch", type=int, default=1024)
parser.add_argument("--hidden", default="256,128,64")
parser.add_argument("--rank", type=int, default=16)
parser.add_argument("--overparam", type=int, default=32)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=50, help="steps of a timed block")
parser.add_argument("--blocks", type=int, default=7)
arguments = parser.parse_args()
hidden = [int(width) for width in arguments.hidden.split(",")]
torch.set_num_threads(arguments.threads)
torch.manual_seed(1)
random = np.random.default_rng(1)


class ApgLinear(nn.Module):
    """y = ((h U) S(z)) V + b."""

    def __init__(self, inputs, outputs, rank, inner, condition):
        super().__init__()
        self.rank = rank
        matrix = lambda rows, cols: nn.Parameter(torch.randn(rows, cols) * (2 / (rows + cols)) ** 0.5)
        self.u_l, self.u_r = matrix(inputs, inner), matrix(inner, rank)
        self.v_l, self.v_r = matrix(rank, inner), matrix(inner, outputs)
        self.generator = nn.Linear(condition, rank * rank)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, h, z):
        s = self.generator(z).view(-1, self.rank, self.rank)
        q = h @ (self.u_l @ self.u_r)
        return torch.addmm(self.bias, torch.bmm(q.unsqueeze(1), s).squeeze(1), self.v_l @ self.v_r)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.user = nn.Embedding.from_pretrained(torch.randn(USERS, WIDTH) * 0.1)
        self.item = nn.Embedding.from_pretrained(torch.randn(ITEMS, WIDTH) * 0.1)
        self.domain = nn.Embedding(DOMAINS, WIDTH)
        sizes = [3 * WIDTH] + hidden
        pairs = list(zip(sizes, sizes[1:]))
        if arguments.model == "apg":
            layers = [ApgLinear(i, o, arguments.rank, arguments.overparam, WIDTH) for i, o in pairs]
        else:
            layers = [nn.Linear(i, o) for i, o in pairs]
        self.layers = nn.ModuleList(layers)
        self.head = nn.Linear(hidden[-1], 1)

    def forward(self, user, item, domain):
        u, i, d = self.user(user), self.item(item), self.domain(domain)
        h, z = torch.cat([u, i, d], 1), (u + d) / 2
        for layer in self.layers:
            h = F.relu(layer(h, z) if arguments.model == "apg" else layer(h))
        return self.head(h).squeeze(1)


def ids(count):
    skewed = (count * random.random(arguments.batch) ** 4).astype(np.int64)
    return torch.from_numpy(np.minimum(skewed, count - 1))


model = Model()
optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 1e-3)
batches = []
for _ in range(8):
    labels = torch.from_numpy((random.random(arguments.batch) < 0.25).astype(np.float32))
    batches.append((ids(USERS), ids(ITEMS), ids(DOMAINS), labels))


def step(number):
    user, item, domain, labels = batches[number % len(batches)]
    optimizer.zero_grad(set_to_none=True)
    loss = F.binary_cross_entropy_with_logits(model(user, item, domain), labels)
    loss.backward()
    optimizer.step()


for number in range(5):
    step(number)
rates = []
for _ in range(arguments.blocks):
    begin = time.perf_counter()
    for number in range(arguments.steps):
        step(number)
    rates.append(arguments.batch * arguments.steps / (time.perf_counter() - begin))
print(json.dumps({"engine": "pytorch " + torch.__version__, "model": arguments.model, "shape": "taobao-10",
                  "batch": arguments.batch, "hidden": hidden, "threads": arguments.threads,
                  "samples_per_s": round(statistics.median(rates)),
                  "spread": [round(min(rates)), round(max(rates))]}))
