import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidInputError } from '../base/index.ts'

/** What every base model has to have: transformers.js layout. */
const requiredFiles = ['config.json', 'tokenizer.json', 'onnx/model.onnx']

// Weights beside the graph, and what says how a sentence encoder pools; taken along where they are there.
const optionalFiles = [
  'tokenizer_config.json',
  'special_tokens_map.json',
  'modules.json',
  '1_Pooling/config.json',
  'config_sentence_transformers.json',
  'onnx/model.onnx_data',
]

/** Which of a repository's files make up the base model, in a fixed order. */
export function selectLayoutFiles(paths: readonly string[]): string[] {
  return [...requiredFiles, ...optionalFiles].filter((path) => paths.includes(path))
}

/** Throws InvalidInputError `registry.base-incomplete` with every required file that is not there. */
export function refuseIncompleteLayout(where: string, has: (path: string) => boolean, hint: string): void {
  const missing = requiredFiles.filter((path) => !has(path))
  if (missing.length === 0) return
  throw new InvalidInputError(
    'registry.base-incomplete',
    `${where} is no base model: it lacks ${missing.join(', ')}.`,
    {
      hint,
      details: { missing },
    },
  )
}

/** The same for a folder on disk. */
export function refuseIncompleteFolder(folder: string): void {
  refuseIncompleteLayout(
    folder,
    (path) => existsSync(join(folder, path)),
    'A base model is a folder in transformers.js layout: config.json, tokenizer.json and onnx/model.onnx.',
  )
}
