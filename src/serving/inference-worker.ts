/**
 * Entry of the worker thread in which a model runs, or several adapters on one base: see
 * docs/decisions/010-inference-worker.md and 020-separate-adapters.md.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { CapstanError, lowerThreadPriority, packError, present } from '../base/index.ts'
import { createAdaptedBases } from './adapted-bases.ts'
import { Batcher, type BatchReport } from './batcher.ts'
import type { InferenceSettings, OpenedModel, ReplyMessage, RequestMessage } from './inference-messages.ts'
import {
  type ModelPlace,
  openPredictor,
  type Predictor,
  type PredictorOptions,
  sessionOptions,
} from './open-predictor.ts'

// Models take every core, and what accepts requests and answers them has to get through: three times their weight.
lowerThreadPriority(5)

const port = present(parentPort, 'the port of the inference worker')
const { delayMsMax, ...settings } = workerData as InferenceSettings
// Spinning would take from the thread that accepts and answers what it has to hand over and to store.
const predictorOptions: PredictorOptions = { ...settings.predictorOptions, idle: 'sleep' }
const bases = createAdaptedBases(sessionOptions(predictorOptions))
/** A batch is of one model, so that each has a batcher; a run holds the thread, and the next batch is another's. */
const models = new Map<number, { predictor: Predictor; batcher: Batcher }>()
const aborts = new Map<number, AbortController>()
let outbox: ReplyMessage[] = []

port.on('message', (message: RequestMessage) => {
  if (message.type === 'end') port.close()
  else if (message.type === 'abort') aborts.get(message.id)?.abort()
  else void reply(message)
})

async function reply(message: Extract<RequestMessage, { model: number }>): Promise<void> {
  const { id, model } = message
  try {
    if (message.type === 'open') post({ type: 'answered', id, answer: await open(model, message.place) })
    else if (message.type === 'score') post({ type: 'answered', id, answer: await score(message) })
    else post({ type: 'answered', id, answer: await close(model) })
  } catch (error) {
    post({ type: 'refused', id, error: packError(message.type === 'score' ? toInferenceError(error) : error) })
  }
}

async function open(model: number, place: ModelPlace): Promise<OpenedModel> {
  const predictor = await openPredictor(place.folder, { ...predictorOptions, baseFolder: place.baseFolder, bases })
  const onBatch = (report: BatchReport) => post({ type: 'batch', model, report })
  models.set(model, { predictor, batcher: new Batcher(predictor, { delayMsMax, onBatch }) })
  const { head, labels, tokensMax } = predictor
  return { head, labels, tokensMax }
}

async function score({ id, model, texts, sentMs }: Extract<RequestMessage, { type: 'score' }>) {
  const abort = new AbortController()
  aborts.set(id, abort)
  try {
    return await present(models.get(model), `model ${model}`).batcher.score(texts, { signal: abort.signal, sentMs })
  } finally {
    aborts.delete(id)
  }
}

async function close(model: number): Promise<null> {
  const { predictor, batcher } = present(models.get(model), `model ${model}`)
  await batcher.drain()
  models.delete(model)
  await predictor.close()
  return null
}

/** One batch that the runtime refuses (for want of memory, say) is no reason to end the thread. */
function toInferenceError(error: unknown): CapstanError {
  if (error instanceof CapstanError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new CapstanError('serving.inference-failed', `The model could not be run: ${reason}`, { cause: error })
}

/** Replies of one batch go as one message: each message wakes the other thread. */
function post(message: ReplyMessage): void {
  if (outbox.push(message) > 1) return
  queueMicrotask(() => {
    port.postMessage(outbox)
    outbox = []
  })
}
