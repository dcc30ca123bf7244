import { join } from 'node:path'
import { assert, InvalidInputError } from '../base/index.ts'
import type { Device, Prediction, PredictionInput } from '../contracts/index.ts'
import { type Encoding, groupByLength, openTokenizer, padTexts, type Word } from '../data/index.ts'

import { isAdapterFolder } from '../encoders/index.ts'
import { countCores, openSession, type Session, type SessionOptions } from '../runtime/index.ts'
import { type AdaptedBases, createAdaptedBases } from './adapted-bases.ts'

import { answerForms, toPrediction } from './answer-forms.ts'
import { type InputTexts, readInputs } from './read-inputs.ts'
import { type ModelHead, readModelHead } from './read-model-head.ts'

export type PredictorOptions = {
  device?: Device
  /** Threads of the runtime; default: one per physical core. */
  threads?: number
  /** See SessionOptions. */
  idle?: SessionOptions['idle']
  /** Longer texts are truncated; default: what the model's folder says. */
  tokensMax?: number
  /** The most tokens, padding counted, that run at once; default 512. */
  tokensPerBatch?: number
}

/** Where a saved model is, or a separate adapter. */
export type ModelPlace = {
  folder: string
  /** Of a separate adapter, the folder of the base that it was trained on. */
  baseFolder?: string | undefined
}

/** The tokens of one text or pair; `truncated` where there were more than the model reads, `words` where it tags them. */
export type EncodedText = Encoding & { readonly words?: readonly Word[] }

/** A loaded model. `infer` blocks its thread while the model runs. */
export type Predictor = {
  /** What it answers, and the names of its outputs. */
  readonly head: ModelHead
  /** What its answers may be, as its callers know it: see `Task`. */
  readonly labels: readonly string[]
  readonly tokensMax: number
  readonly tokensPerBatch: number
  /** That compute a run. */
  readonly threads: number
  /** One prediction per input, in the order given, with all scores. */
  predict(inputs: readonly PredictionInput[]): Promise<Prediction[]>
  encode(texts: InputTexts): EncodedText
  /** Runs the rows as one padded batch: the numbers of each answer. */
  infer(rows: readonly EncodedText[]): Promise<Float32Array[]>
  close(): Promise<void>
}

export const tokensPerBatchDefault = 512
const knownInputs = ['input_ids', 'attention_mask', 'token_type_ids']

/**
 * Opens a saved model in transformers.js layout and runs it once, so that a folder that cannot serve is refused here:
 * NotFoundError, InvalidInputError or UnsupportedError.
 */
export async function openPredictor(
  folder: string,
  {
    baseFolder,
    bases,
    tokensMax,
    tokensPerBatch = tokensPerBatchDefault,
    ...options
  }: PredictorOptions & Pick<ModelPlace, 'baseFolder'> & { bases?: AdaptedBases } = {},
): Promise<Predictor> {
  const head = await readModelHead(folder)
  const form = answerForms[head.answer.kind]
  const tokenizer = await openTokenizer(folder, tokensMax === undefined ? {} : { tokensMax })
  const session = isAdapterFolder(folder)
    ? await (bases ?? createAdaptedBases(sessionOptions(options))).open(folder, baseFolder ?? noBase(folder))
    : await openSession(join(folder, 'onnx', 'model.onnx'), sessionOptions(options))

  const encode = ({ text, textPair }: InputTexts): EncodedText =>
    head.answer.kind === 'tag' ? tokenizer.encodeWords(text) : tokenizer.encode(text, textPair)
  const infer = async (rows: readonly EncodedText[]) => {
    const feeds = padTexts(rows, tokenizer.padId, session.inputNames)
    const output = (await session.run(feeds, { [form.output]: null }))[form.output]
    assert(output?.data instanceof Float32Array, `internal: ${form.output} is no float32 tensor`)
    checkDims(output.dims, rows, head, folder)
    const stride = output.data.length / rows.length
    return rows.map(({ ids, words = [] }, i) => {
      const size = head.answer.kind === 'tag' ? ids.length * head.names.length : stride
      return form.toNumbers((output.data as Float32Array).subarray(i * stride, i * stride + size), head, words)
    })
  }
  try {
    checkInterface(session, form.output, folder)
    await infer([encode({ text: 'ready' })])
  } catch (error) {
    await session.release()
    throw error
  }

  return {
    head,
    labels: form.labels(head.names),
    tokensMax: tokenizer.tokensMax,
    tokensPerBatch,
    threads: options.threads ?? countCores(),
    encode,
    infer,
    async predict(inputs) {
      const texts = readInputs(inputs, head.answer)
      const rows = texts.map(encode)
      const lengths = rows.map(({ ids }) => ids.length)
      const predictions: Prediction[] = []
      for (const batch of groupByLength(lengths, tokensPerBatch)) {
        const answers = await infer(batch.map((index) => rows[index] as EncodedText))
        batch.forEach((index, i) => {
          const { text } = texts[index] as InputTexts
          const { truncated } = rows[index] as EncodedText
          predictions[index] = toPrediction(head, { numbers: answers[i] as Float32Array, text, truncated })
        })
      }
      return predictions
    },
    close: () => session.release(),
  }
}

/** What of a predictor's options is its session's. */
export function sessionOptions({ device, threads, idle }: PredictorOptions): SessionOptions {
  return {
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
    ...(idle === undefined ? {} : { idle }),
  }
}

function noBase(folder: string): never {
  throw new InvalidInputError('serving.no-base', `${folder} holds an adapter, and its base model is not given`, {
    hint: 'Give baseFolder, the folder of the model that it was trained on.',
  })
}

function checkInterface({ inputNames, outputNames }: Session, output: string, folder: string): void {
  const problems = inputNames
    .filter((name) => !knownInputs.includes(name))
    .map((name) => `it asks for an input named ${name}`)
  if (!inputNames.includes('input_ids')) problems.push('it has no input named input_ids')
  if (!outputNames.includes(output)) problems.push(`it has no output named ${output} but ${outputNames.join(', ')}`)
  if (problems.length === 0) return
  throw new InvalidInputError('serving.invalid-model', `${folder} cannot answer texts: ${problems.join('; ')}`, {
    hint: 'A base model must be trained first: capstan train.',
    details: { problems },
  })
}

/** [texts, numbers], and for tag [texts, tokens, numbers]. */
function checkDims(dims: readonly number[], rows: readonly EncodedText[], head: ModelHead, folder: string): void {
  const { kind } = head.answer
  const width = answerForms[kind].width(head)
  const rank = kind === 'tag' ? 3 : 2
  if (dims.length === rank && dims[0] === rows.length && (width === undefined || dims.at(-1) === width)) return
  throw new InvalidInputError(
    'serving.invalid-model',
    `${folder} names ${head.names.length} labels, but its model returns [${dims.join(', ')}] for ${rows.length} texts`,
    { hint: 'config.json and onnx/model.onnx are of different models: save the folder again.' },
  )
}
