import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Model, writeModel } from '../onnx/index.ts'
import type { Encoder } from './open-encoder.ts'

const tokenizerFiles = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt']

/** transformers.js picks its class by `architectures` and `model_type`. */
const classifiers: Record<string, string> = {
  bert: 'BertForSequenceClassification',
  distilbert: 'DistilBertForSequenceClassification',
  roberta: 'RobertaForSequenceClassification',
  'xlm-roberta': 'XLMRobertaForSequenceClassification',
  mpnet: 'MPNetForSequenceClassification',
}

/**
 * Writes a classifier as a folder in transformers.js layout: it opens there with `pipeline('text-classification', folder)`
 * and in any ONNX runtime. The folder appears whole or not at all: it is written beside its place, then renamed.
 */
export async function saveModelFolder(
  folder: string,
  {
    encoder,
    model,
    labels,
    tokensMax,
  }: { encoder: Encoder; model: Model; labels: readonly string[]; tokensMax: number },
): Promise<void> {
  const draft = `${folder}.draft`
  await rm(draft, { recursive: true, force: true })
  await mkdir(join(draft, 'onnx'), { recursive: true })
  await writeModel(join(draft, 'onnx', 'model.onnx'), model)
  for (const file of tokenizerFiles) {
    if (existsSync(join(encoder.folder, file))) await copyFile(join(encoder.folder, file), join(draft, file))
  }
  const config = {
    ...encoder.config,
    architectures: [classifiers[String(encoder.config.model_type)] ?? 'AutoModelForSequenceClassification'],
    problem_type: 'single_label_classification',
    id2label: Object.fromEntries(labels.map((label, i) => [i, label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    capstan: { tokens_max: tokensMax },
  }
  await writeFile(join(draft, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
  await rm(folder, { recursive: true, force: true })
  await rename(draft, folder)
}
