"""Gradients of every weight of a BERT with a cosine head on one batch, in PyTorch.

Reads weights, token ids, mask and labels from --input (safetensors, matrices of layers as ONNX keeps them: [inputs, outputs]),
writes the gradients under the same names to --output.
"""
import argparse
import json

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, BertModel

parser = argparse.ArgumentParser()
parser.add_argument('--base', required=True, help='a Hugging Face folder, for its configuration')
parser.add_argument('--input', required=True)
parser.add_argument('--output', required=True)
arguments = parser.parse_args()
given = load_file(arguments.input)
config = AutoConfig.from_pretrained(arguments.base, hidden_dropout_prob=0, attention_probs_dropout_prob=0)
model = BertModel(config, add_pooling_layer=False)
is_turned = lambda name: name.startswith('encoder.layer') and given[name].dim() == 2
turned = lambda name, x: x.T.contiguous() if is_turned(name) else x
with torch.no_grad():
    weights = dict(model.named_parameters())
    for name, weight in weights.items():
        weight.copy_(turned(name, given[name]))
head = {name: given[name].requires_grad_() for name in ('classifier.weight', 'classifier.bias')}
ids, mask, labels = (given[name].long() for name in ('batch.ids', 'batch.mask', 'batch.labels'))
hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
kept = mask[..., None].float()
embedding = F.normalize((hidden * kept).sum(1) / kept.sum(1), dim=-1)
loss = F.cross_entropy(20 * embedding @ head['classifier.weight'].T + head['classifier.bias'], labels)
loss.backward()
gradients = {name: turned(name, weight.grad) for name, weight in {**weights, **head}.items()}
save_file(gradients, arguments.output)
print(json.dumps({'loss': loss.item(), 'torch': torch.__version__}))
