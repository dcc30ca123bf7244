"""Hugging Face Trainer on CSV files (text,category). Defaults: rate 1e-4, random batches padded to their longest text.

Prints a line of JSON at each evaluation (four an epoch) and at the end. Times leave evaluation out.
"""
import argparse
import csv
import json
import resource
import tempfile

import active_clock

parser = argparse.ArgumentParser()
parser.add_argument('--base', required=True, help='a Hugging Face folder')
parser.add_argument('--data', required=True, help='a folder with train.csv and test.csv')
parser.add_argument('--rate', type=float, default=1e-4)
parser.add_argument('--epochs', type=int, default=5)
parser.add_argument('--rows', type=int, default=32)
parser.add_argument('--threads', type=int, default=2)
parser.add_argument('--group', action='store_true', help='batches of like lengths')
parser.add_argument('--lora', type=int, default=0, help='rank of PEFT adapters')
parser.add_argument('--until', type=float, default=1, help='end once so many are right')
arguments = parser.parse_args()

import torch  # noqa: E402

torch.set_num_threads(arguments.threads)
import transformers  # noqa: E402
from datasets import Dataset  # noqa: E402
from transformers import (  # noqa: E402
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)


def read(name):
    with open(f'{arguments.data}/{name}') as file:
        return [(row['text'], row['category']) for row in csv.DictReader(file)]


train, test = read('train.csv'), read('test.csv')
labels = sorted({label for _, label in train})
index = {label: i for i, label in enumerate(labels)}
tokenizer = AutoTokenizer.from_pretrained(arguments.base)


def tokenize(examples):
    rows = Dataset.from_dict({'text': [t for t, _ in examples], 'labels': [index[label] for _, label in examples]})
    encode = lambda batch: tokenizer(batch['text'], truncation=True, max_length=128)
    return rows.map(encode, batched=True, remove_columns=['text'])


train, test = tokenize(train), tokenize(test)
model = AutoModelForSequenceClassification.from_pretrained(arguments.base, num_labels=len(labels))
if arguments.lora:
    from peft import LoraConfig, get_peft_model

    targets = ['query', 'key', 'value', 'dense']
    model = get_peft_model(
        model,
        LoraConfig(
            task_type='SEQ_CLS',
            r=arguments.lora,
            lora_alpha=2 * arguments.lora,
            target_modules=targets,
            modules_to_save=['classifier'],
        ),
    )

evaluation_seconds = 0.0


class StopWhenGood(TrainerCallback):
    def on_evaluate(self, _, state, control, metrics, **rest):
        control.should_training_stop = metrics['eval_accuracy'] >= arguments.until


class TimedTrainer(Trainer):
    def evaluate(self, *args, **options):
        global evaluation_seconds
        begun = active_clock.clock()
        metrics = super().evaluate(*args, **options)
        evaluation_seconds += active_clock.clock() - begun
        seconds = active_clock.clock() - evaluation_seconds
        line = {'epoch': self.state.epoch, 'accuracy': metrics['eval_accuracy'], 'seconds': seconds}
        print(json.dumps(line), flush=True)
        return metrics


per_epoch = (len(train) + arguments.rows - 1) // arguments.rows
trainer = TimedTrainer(
    model,
    TrainingArguments(
        tempfile.mkdtemp(),
        per_device_train_batch_size=arguments.rows,
        per_device_eval_batch_size=64,
        learning_rate=arguments.rate,
        num_train_epochs=arguments.epochs,
        warmup_steps=per_epoch // 2,
        weight_decay=0.01,
        eval_strategy='steps',
        eval_steps=max(1, per_epoch // 4),
        save_strategy='no',
        logging_steps=10**6,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
        seed=1,
        **({'train_sampling_strategy': 'group_by_length'} if arguments.group else {}),
    ),
    train_dataset=train,
    eval_dataset=test,
    data_collator=DataCollatorWithPadding(tokenizer),
    compute_metrics=lambda p: {'accuracy': float((p.predictions.argmax(-1) == p.label_ids).mean())},
    callbacks=[StopWhenGood()],
)
trainer.train()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
seconds = active_clock.clock() - evaluation_seconds
versions = {'torch': torch.__version__, 'transformers': transformers.__version__}
print(json.dumps({'seconds': seconds, 'peakMib': peak, **versions}))
