/** Entry of the worker thread in which a model runs: see docs/decisions/010-inference-worker.md. */
import { parentPort, workerData } from 'node:worker_threads'
import { CapstanError, packError, present } from '../base/index.ts'
import { Batcher } from './batcher.ts'
import type { InferenceSettings, ReplyMessage, RequestMessage } from './inference-messages.ts'
import { openPredictor, type Predictor } from './open-predictor.ts'
import type { InputTexts } from './read-inputs.ts'

const port = present(parentPort, 'the port of the inference worker')
const { folder, predictorOptions, delayMsMax } = workerData as InferenceSettings
let outbox: ReplyMessage[] = []

try {
  serve(await openPredictor(folder, predictorOptions))
} catch (error) {
  post({ type: 'failed', error: packError(error) })
}

function serve(predictor: Predictor): void {
  const batcher = new Batcher(predictor, { delayMsMax, onBatch: (report) => post({ type: 'batch', report }) })
  const aborts = new Map<number, AbortController>()

  const score = async (id: number, texts: readonly InputTexts[]) => {
    const abort = new AbortController()
    aborts.set(id, abort)
    try {
      post({ type: 'scored', id, scored: await batcher.score(texts, abort.signal) })
    } catch (error) {
      post({ type: 'refused', id, error: packError(toInferenceError(error)) })
    } finally {
      aborts.delete(id)
    }
  }
  const close = async () => {
    await batcher.drain()
    await predictor.close()
    port.close()
  }
  port.on('message', (message: RequestMessage) => {
    if (message.type === 'score') void score(message.id, message.texts)
    else if (message.type === 'abort') aborts.get(message.id)?.abort()
    else void close()
  })
  const { head, labels, tokensMax } = predictor
  post({ type: 'opened', head, labels, tokensMax })
}

/** One batch that the runtime refuses (for want of memory, say) is no reason to end the thread. */
function toInferenceError(error: unknown): CapstanError {
  if (error instanceof CapstanError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new CapstanError('serving.inference-failed', `The model could not be run: ${reason}`, { cause: error })
}

/** Replies of one batch go as one message: each message wakes the other thread. */
function post(reply: ReplyMessage): void {
  if (outbox.push(reply) > 1) return
  queueMicrotask(() => {
    port.postMessage(outbox)
    outbox = []
  })
}
