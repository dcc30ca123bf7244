import { join } from 'node:path'
import { assert, InvalidInputError } from '../base/index.ts'
import type { Prediction } from '../contracts/index.ts'
import { groupByLength, openTokenizer, padTexts } from '../data/index.ts'
import { type Device, openSession, type Session } from '../runtime/index.ts'
import { toPrediction, toProbabilities } from './probabilities.ts'
import { readModelLabels } from './read-model-labels.ts'

export type PredictorOptions = {
  device?: Device
  /** Threads of the runtime; default: one per physical core. */
  threads?: number
  /** Longer texts are truncated; default: what the model's folder says. */
  tokensMax?: number
  /** The most tokens, padding counted, that run at once; default 512. */
  tokensPerBatch?: number
}

/** The tokens of one text; `truncated` where the text had more than the model reads. */
export type EncodedText = { readonly ids: Int32Array; readonly truncated: boolean }

/** A loaded classifier. `infer` blocks its thread while the model runs. */
export type Predictor = {
  /** In the order of the model's scores. */
  readonly labels: readonly string[]
  readonly tokensMax: number
  readonly tokensPerBatch: number
  /** One prediction per text, in the order given, with all scores. */
  predict(texts: readonly string[]): Promise<Prediction[]>
  encode(text: string): EncodedText
  /** Runs the rows as one padded batch: probabilities as [rows × labels]. */
  infer(rows: readonly EncodedText[]): Promise<Float32Array>
  close(): Promise<void>
}

export const tokensPerBatchDefault = 512
const knownInputs = ['input_ids', 'attention_mask', 'token_type_ids']

/**
 * Opens a saved classifier in transformers.js layout and runs it once, so that a folder that cannot serve is refused
 * here: NotFoundError, InvalidInputError or UnsupportedError.
 */
export async function openPredictor(folder: string, options: PredictorOptions = {}): Promise<Predictor> {
  const { device, threads, tokensMax, tokensPerBatch = tokensPerBatchDefault } = options
  const labels = await readModelLabels(folder)
  const tokenizer = await openTokenizer(folder, tokensMax === undefined ? {} : { tokensMax })
  const session = await openSession(join(folder, 'onnx', 'model.onnx'), {
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
  })
  checkInterface(session, folder)

  const infer = async (rows: readonly EncodedText[]) => {
    const { logits } = await session.run(padTexts(rows, tokenizer.padId, session.inputNames), { logits: null })
    assert(logits?.data instanceof Float32Array, 'internal: logits are no float32 tensor')
    checkWidth(logits.dims, rows.length, labels, folder)
    return toProbabilities(logits.data, labels.length)
  }
  await infer([tokenizer.encode('ready')])

  return {
    labels,
    tokensMax: tokenizer.tokensMax,
    tokensPerBatch,
    encode: (text) => tokenizer.encode(text),
    infer,
    async predict(texts) {
      const rows = texts.map((text) => tokenizer.encode(text))
      const predictions: Prediction[] = []
      for (const batch of groupByLength(
        rows.map(({ ids }) => ids.length),
        tokensPerBatch,
      )) {
        const probabilities = await infer(batch.map((index) => rows[index] as EncodedText))
        batch.forEach((index, i) => {
          const row = probabilities.subarray(i * labels.length, (i + 1) * labels.length)
          predictions[index] = toPrediction(labels, row, (rows[index] as EncodedText).truncated)
        })
      }
      return predictions
    },
    close: () => session.release(),
  }
}

function checkInterface({ inputNames, outputNames }: Session, folder: string): void {
  const problems = inputNames
    .filter((name) => !knownInputs.includes(name))
    .map((name) => `it asks for an input named ${name}`)
  if (!inputNames.includes('input_ids')) problems.push('it has no input named input_ids')
  if (!outputNames.includes('logits')) problems.push(`it has no output named logits but ${outputNames.join(', ')}`)
  if (problems.length === 0) return
  throw new InvalidInputError('serving.invalid-model', `${folder} holds no text classifier: ${problems.join('; ')}`, {
    hint: 'A base model must be trained first: capstan train.',
    details: { problems },
  })
}

function checkWidth(dims: readonly number[], rowCount: number, labels: readonly string[], folder: string): void {
  if (dims.length === 2 && dims[0] === rowCount && dims[1] === labels.length) return
  throw new InvalidInputError(
    'serving.invalid-model',
    `${folder} names ${labels.length} labels, but its model returns logits of [${dims.join(', ')}] for ${rowCount} texts`,
    { hint: 'config.json and onnx/model.onnx are of different models: save the folder again.' },
  )
}
