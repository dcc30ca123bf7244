import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, NotFoundError, UnsupportedError } from '../base/index.ts'

/** The labels of a saved classifier in the order of its logits, from `config.json` of its folder. */
export async function readModelLabels(folder: string): Promise<string[]> {
  const path = join(folder, 'config.json')
  const config = parseConfig(await readConfig(path), path)
  const problemType = config.problem_type ?? 'single_label_classification'
  if (problemType !== 'single_label_classification') {
    throw new UnsupportedError('serving.unsupported-problem-type', `${path} has problem_type ${String(problemType)}`, {
      hint: 'Only single_label_classification can be served so far.',
    })
  }
  const labels = listLabels(config.id2label)
  if (labels === null) {
    throw new InvalidInputError(
      'serving.invalid-model',
      `${path} has no id2label with the keys "0", "1", … and a text for each`,
      {
        hint: 'Give the folder of a trained classifier; a base model must be trained first: capstan train.',
      },
    )
  }
  return labels
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new NotFoundError('serving.no-model-folder', `${path} cannot be read`, {
      hint: 'Give the folder of a saved model: it holds config.json, tokenizer.json and onnx/model.onnx.',
      cause,
    })
  }
}

function parseConfig(text: string, path: string): { id2label?: unknown; problem_type?: unknown } {
  try {
    const config: unknown = JSON.parse(text)
    if (typeof config === 'object' && config !== null) return config
  } catch (cause) {
    throw new InvalidInputError('serving.invalid-model', `${path} is not JSON`, { cause })
  }
  throw new InvalidInputError('serving.invalid-model', `${path} does not hold a JSON object`)
}

function listLabels(id2label: unknown): string[] | null {
  if (typeof id2label !== 'object' || id2label === null) return null
  const named = id2label as Record<string, unknown>
  const labels = Object.keys(named).map((_, index) => named[index])
  return labels.length > 0 && labels.every((label) => typeof label === 'string') ? labels : null
}
