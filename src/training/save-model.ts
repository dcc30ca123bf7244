import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskKind } from '../contracts/index.ts'
import { type Encoder, type LoadedAdapter, saveAdapter } from '../encoders/index.ts'
import { type Model, writeModel } from '../onnx/index.ts'
import type { Task } from './tasks/task.ts'

/** transformers.js picks its class by `architectures` and `model_type`: a family's name, then the task's. */
const families: Readonly<Record<string, string>> = {
  bert: 'Bert',
  distilbert: 'DistilBert',
  roberta: 'Roberta',
  'xlm-roberta': 'XLMRoberta',
  mpnet: 'MPNet',
}

const classes: Readonly<Record<TaskKind, { name: string; problem?: string }>> = {
  classify: { name: 'ForSequenceClassification', problem: 'single_label_classification' },
  multilabel: { name: 'ForSequenceClassification', problem: 'multi_label_classification' },
  regress: { name: 'ForSequenceClassification', problem: 'regression' },
  ordinal: { name: 'ForSequenceClassification', problem: 'multi_label_classification' },
  tag: { name: 'ForTokenClassification' },
  embed: { name: 'Model' },
}

/**
 * Writes a model as a folder in transformers.js layout, or an adapter with all of that folder but the graph. A classifier opens there with
 * `pipeline('text-classification', folder)`, and each in any ONNX runtime. The folder appears whole or not at all: it is
 * written beside its place, then renamed.
 */
export async function saveModelFolder(
  folder: string,
  {
    encoder,
    learnt,
    task,
    tokensMax,
  }: { encoder: Encoder; learnt: Model | LoadedAdapter; task: Task; tokensMax: number },
): Promise<void> {
  const draft = `${folder}.draft`
  await rm(draft, { recursive: true, force: true })
  const isModel = 'graph' in learnt
  await mkdir(isModel ? join(draft, 'onnx') : draft, { recursive: true })
  if (isModel) await writeModel(join(draft, 'onnx', 'model.onnx'), learnt)
  else await saveAdapter(draft, learnt)
  await saveTokenizer(encoder.folder, draft, tokensMax)
  const { name, problem } = classes[task.answer.kind]
  const config = {
    ...encoder.config,
    architectures: [`${families[String(encoder.config.model_type)] ?? 'Auto'}${name}`],
    ...(problem ? { problem_type: problem } : {}),
    id2label: Object.fromEntries(task.names.map((label, i) => [i, label])),
    label2id: Object.fromEntries(task.names.map((label, i) => [label, i])),
    capstan: task.answer,
  }
  await writeJson(join(draft, 'config.json'), config)
  // A folder cannot be replaced in one step: the one before stays beside it until the new one is in its place.
  const previous = `${folder}.previous`
  await rm(previous, { recursive: true, force: true })
  if (existsSync(folder)) await rename(folder, previous)
  await rename(draft, folder)
  await rm(previous, { recursive: true, force: true })
}

/** The base's tokenizer, cutting where training cut and padding to no fixed length. */
async function saveTokenizer(source: string, target: string, tokensMax: number): Promise<void> {
  const tokenizer = await readJson(join(source, 'tokenizer.json'))
  const truncation = { direction: 'Right', strategy: 'LongestFirst', stride: 0, max_length: tokensMax }
  await writeFile(join(target, 'tokenizer.json'), JSON.stringify({ ...tokenizer, truncation, padding: null }))
  const settings = await readJson(join(source, 'tokenizer_config.json'))
  await writeJson(join(target, 'tokenizer_config.json'), { ...settings, model_max_length: tokensMax })
  const special = 'special_tokens_map.json'
  if (existsSync(join(source, special))) await copyFile(join(source, special), join(target, special))
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
}
