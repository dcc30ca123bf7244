"""Capstan's recipe in PyTorch on CSV files (text,category): mean pooling, cosine head from class centroids, batches of like lengths.

Prints a line of JSON after each quarter of the first epoch, after each epoch, and at the end. Times leave evaluation out.
"""
import argparse
import csv
import json
import random
import resource
import active_clock
import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument('--base', required=True, help='a Hugging Face folder')
parser.add_argument('--data', required=True, help='a folder with test.csv and the training file')
parser.add_argument('--train', default='train.csv')
parser.add_argument('--epochs', type=int, default=2)
parser.add_argument('--rows', type=int, default=32)
parser.add_argument('--threads', type=int, default=2)
parser.add_argument('--seed', type=int, default=1)
parser.add_argument('--bf16', action='store_true')
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
torch.manual_seed(arguments.seed)
random.seed(arguments.seed)
from transformers import AutoModel, AutoTokenizer  # noqa: E402

SCALE, BODY_RATE, HEAD_RATE = 20, 3e-4, 3e-3


def read(name):
    with open(f'{arguments.data}/{name}') as file:
        return [(row['text'], row['category']) for row in csv.DictReader(file)]


train, test = read(arguments.train), read('test.csv')
labels = sorted({label for _, label in test})
index = {label: i for i, label in enumerate(labels)}
tokenizer = AutoTokenizer.from_pretrained(arguments.base)


def tokenize(examples):
    ids = tokenizer([text for text, _ in examples], truncation=True, max_length=128)['input_ids']
    return [(row, index[label]) for row, (_, label) in zip(ids, examples)]


train, test = tokenize(train), tokenize(test)
model = AutoModel.from_pretrained(arguments.base, hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)
head = nn.Linear(model.config.hidden_size, len(labels))
nn.init.zeros_(head.bias)


def shuffled_batches(examples):
    order = list(range(len(examples)))
    random.shuffle(order)
    batches = []
    for start in range(0, len(order), arguments.rows * 50):
        group = sorted(order[start : start + arguments.rows * 50], key=lambda i: len(examples[i][0]))
        batches += [group[i : i + arguments.rows] for i in range(0, len(group), arguments.rows)]
    random.shuffle(batches)
    return batches


def sorted_batches(examples):
    order = sorted(range(len(examples)), key=lambda i: len(examples[i][0]))
    return [order[i : i + 64] for i in range(0, len(order), 64)]


def collate(examples, batch):
    length = max(len(examples[i][0]) for i in batch)
    ids, mask = torch.zeros(2, len(batch), length, dtype=torch.long)
    for row, i in enumerate(batch):
        size = len(examples[i][0])
        ids[row, :size], mask[row, :size] = torch.tensor(examples[i][0]), 1
    return ids, mask, torch.tensor([examples[i][1] for i in batch])


def embed(ids, mask):
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    kept = mask[..., None].to(hidden.dtype)
    return F.normalize((hidden * kept).sum(1) / kept.sum(1), dim=-1)


@torch.no_grad()
def evaluate():
    model.eval()
    right = 0
    for batch in sorted_batches(test):
        ids, mask, answers = collate(test, batch)
        right += (head(embed(ids, mask) * SCALE).argmax(-1) == answers).sum().item()
    model.train()
    return right / len(test)


@torch.no_grad()
def start_from_centroids():
    model.eval()
    sums = torch.zeros_like(head.weight)
    for batch in sorted_batches(train):
        ids, mask, answers = collate(train, batch)
        sums.index_add_(0, answers, embed(ids, mask))
    head.weight.copy_(F.normalize(sums, dim=-1))


start_from_centroids()
spared = lambda name: name.endswith('bias') or 'LayerNorm' in name
body = [(name, weight) for name, weight in model.named_parameters() if 'pooler' not in name]
everything = [weight for _, weight in body] + list(head.parameters())
optimizer = torch.optim.AdamW(
    [
        {'params': [w for name, w in body if not spared(name)], 'weight_decay': 0.01, 'lr': BODY_RATE},
        {'params': [w for name, w in body if spared(name)], 'weight_decay': 0, 'lr': BODY_RATE},
        {'params': head.parameters(), 'weight_decay': 0, 'lr': HEAD_RATE},
    ]
)
per_epoch = len(shuffled_batches(train))
total, warmup = per_epoch * arguments.epochs, max(1, per_epoch // 10)
rates = [group['lr'] for group in optimizer.param_groups]
step, evaluation_seconds = 0, 0.0
model.train()
for epoch in range(arguments.epochs):
    for batch in shuffled_batches(train):
        factor = min((step + 1) / warmup, (total - step) / (total - warmup))
        for group, rate in zip(optimizer.param_groups, rates):
            group['lr'] = rate * factor
        ids, mask, answers = collate(train, batch)
        with torch.autocast('cpu', torch.bfloat16, enabled=arguments.bf16):
            embedding = embed(ids, mask)
        loss = F.cross_entropy(head(embedding.float() * SCALE), answers)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(everything, 1.0)
        optimizer.step()
        step += 1
        is_due = step % max(1, per_epoch // 4) == 0 and step < per_epoch
        if is_due or step % per_epoch == 0:
            begun = active_clock.clock()
            accuracy = evaluate()
            evaluation_seconds += active_clock.clock() - begun
            seconds = active_clock.clock() - evaluation_seconds
            print(json.dumps({'epoch': step / per_epoch, 'accuracy': accuracy, 'seconds': seconds}), flush=True)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({'accuracy': accuracy, 'seconds': seconds, 'peakMib': peak, 'torch': torch.__version__}))
