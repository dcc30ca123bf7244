/** What a saved model answers, from the `config.json` of its folder. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, NotFoundError, UnsupportedError } from '../base/index.ts'
import { type ModelAnswer, modelAnswerSchema } from '../contracts/index.ts'

/** The kind of answer, and the names of the model's outputs in their order (for tag, its tags; none for embed). */
export type ModelHead = { answer: ModelAnswer; names: readonly string[] }

type Config = { id2label?: unknown; problem_type?: unknown; architectures?: unknown; capstan?: unknown }

/** Throws `serving.no-model-folder`, `serving.invalid-model` and `serving.unsupported-problem-type`. */
export async function readModelHead(folder: string): Promise<ModelHead> {
  const path = join(folder, 'config.json')
  const config = parseConfig(await readConfig(path), path)
  const names = listNames(config.id2label) ?? []
  const answer = config.capstan === undefined ? guessAnswer(config, names, path) : parseAnswer(config.capstan, path)
  if (answer.kind !== 'embed' && names.length === 0) {
    throw invalid(`${path} has no id2label with the keys "0", "1", … and a text for each`)
  }
  const expected = countNames(answer)
  if (expected === undefined || expected === names.length) return { answer, names }
  throw invalid(`${path} names ${names.length} labels, but has ${expected} thresholds or grades for them`)
}

function countNames(answer: ModelAnswer): number | undefined {
  if (answer.kind === 'multilabel') return answer.thresholds.length
  return answer.kind === 'ordinal' ? answer.values.length : undefined
}

function parseAnswer(value: unknown, path: string): ModelAnswer {
  const result = modelAnswerSchema.safeParse(value)
  if (result.success) return result.data
  const faults = result.error.issues.map(({ path: place, message }) => `${['capstan', ...place].join('.')}: ${message}`)
  throw invalid(`${path} does not say how to read the model’s answers: ${faults.join('; ')}`)
}

/** For folders of other programs: transformers names the class of the model and the type of its problem. */
function guessAnswer({ problem_type, architectures }: Config, names: readonly string[], path: string): ModelAnswer {
  const [architecture] = Array.isArray(architectures) ? architectures : []
  if (String(architecture).endsWith('ForTokenClassification')) return { kind: 'tag' }
  if (problem_type === 'regression') return { kind: 'regress' }
  if (problem_type === 'multi_label_classification') return { kind: 'multilabel', thresholds: names.map(() => 0.5) }
  if ((problem_type ?? 'single_label_classification') === 'single_label_classification') return { kind: 'classify' }
  throw new UnsupportedError('serving.unsupported-problem-type', `${path} has problem_type ${String(problem_type)}`, {
    hint: 'Served are single_label_classification, multi_label_classification, regression and token classifiers.',
  })
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

function parseConfig(text: string, path: string): Config {
  try {
    const config: unknown = JSON.parse(text)
    if (typeof config === 'object' && config !== null) return config
  } catch (cause) {
    throw new InvalidInputError('serving.invalid-model', `${path} is not JSON`, { cause })
  }
  throw new InvalidInputError('serving.invalid-model', `${path} does not hold a JSON object`)
}

function listNames(id2label: unknown): string[] | null {
  if (typeof id2label !== 'object' || id2label === null) return null
  const named = id2label as Record<string, unknown>
  const names = Object.keys(named).map((_, index) => named[index])
  return names.length > 0 && names.every((name) => typeof name === 'string') ? names : null
}

function invalid(message: string): InvalidInputError {
  return new InvalidInputError('serving.invalid-model', message, {
    hint: 'Give the folder of a trained model; a base model must be trained first: capstan train.',
  })
}
