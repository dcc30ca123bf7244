"""One training step of a 6-layer, 384-wide BERT with a 77-label head in PyTorch: forward, backward, clipping, AdamW.

Prints one line of JSON: the best and the median time of a step in milliseconds.
"""
import argparse
import json
import math
import time

import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument('--rows', type=int, default=32)
parser.add_argument('--length', type=int, default=64)
parser.add_argument('--steps', type=int, default=12)
parser.add_argument('--threads', type=int, default=2)
parser.add_argument('--compile', action='store_true')
parser.add_argument('--bf16', action='store_true')
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
torch.manual_seed(1)

HIDDEN, HEADS, LAYERS, INNER, VOCABULARY, LABELS = 384, 12, 6, 1536, 30522, 77


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(HIDDEN, HIDDEN) for _ in range(4))
        self.up, self.down = nn.Linear(HIDDEN, INNER), nn.Linear(INNER, HIDDEN)
        self.norm1, self.norm2 = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, bias):
        rows, length, _ = x.shape
        split = lambda t: t.view(rows, length, HEADS, HIDDEN // HEADS).transpose(1, 2)
        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        attention = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(HIDDEN // HEADS) + bias, -1)
        context = (self.drop(attention) @ v).transpose(1, 2).reshape(rows, length, HIDDEN)
        x = self.norm1(x + self.drop(self.out(context)))
        return self.norm2(x + self.drop(self.down(F.gelu(self.up(x)))))


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions = nn.Embedding(VOCABULARY, HIDDEN), nn.Embedding(512, HIDDEN)
        self.norm, self.drop = nn.LayerNorm(HIDDEN), nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = nn.Linear(HIDDEN, LABELS)

    def forward(self, ids, mask):
        positions = torch.arange(ids.shape[1])
        x = self.drop(self.norm(self.words(ids) + self.positions(positions)))
        bias = (1 - mask)[:, None, None, :] * -1e4
        for layer in self.layers:
            x = layer(x, bias)
        pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return self.head(20 * F.normalize(pooled, dim=-1))


model = Classifier()
# The faster of PyTorch's own implementations on a CPU.
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
ids = torch.randint(2000, 2450, (arguments.rows, arguments.length))
mask = torch.ones(arguments.rows, arguments.length)
labels = torch.arange(arguments.rows) % LABELS
forward = torch.compile(model) if arguments.compile else model


def step():
    with torch.autocast('cpu', torch.bfloat16, enabled=arguments.bf16):
        logits = forward(ids, mask)
    optimizer.zero_grad(set_to_none=True)
    F.cross_entropy(logits.float(), labels).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


times = []
for _ in range(arguments.steps + 3):
    started = time.perf_counter()
    step()
    times.append((time.perf_counter() - started) * 1e3)
times = sorted(times[3:])
print(json.dumps({'bestMs': times[0], 'medianMs': times[len(times) // 2], 'torch': torch.__version__}))
