import type { Worker } from 'node:worker_threads'
import { CapstanError, ConflictError, LimitError, startWorker, unpackError } from '../base/index.ts'
import type { Prediction, PredictionInput } from '../contracts/index.ts'
import { toPrediction } from './answer-forms.ts'
import type { BatchReport, ScoredTexts } from './batcher.ts'
import type { InferenceSettings, ReplyMessage, RequestMessage } from './inference-messages.ts'
import type { PredictorOptions } from './open-predictor.ts'
import { type InputTexts, readInputs } from './read-inputs.ts'
import type { ModelHead } from './read-model-head.ts'

export type InferenceOptions = PredictorOptions & {
  /** How long a text may wait for others while the model is idle; default 0: it starts at once. */
  delayMsMax?: number
  /** The most texts that may be accepted and not yet answered; default 2048. */
  queueRowsMax?: number
  onBatch?: (report: BatchReport) => void
}

type Pending = { texts: number; resolve(scored: ScoredTexts): void; reject(reason: unknown): void }
type Opened = { head: ModelHead; labels: readonly string[]; tokensMax: number }

/** Opens the model of `folder` in a worker thread of its own; throws what `openPredictor` throws. */
export async function startInference(folder: string, options: InferenceOptions = {}): Promise<Inference> {
  const { delayMsMax = 0, queueRowsMax = 2048, onBatch = () => {}, ...predictorOptions } = options
  const settings: InferenceSettings = { folder, predictorOptions, delayMsMax }
  const worker = startWorker('./inference-worker', import.meta.url, settings)
  const opened = await new Promise<Opened>((resolve, reject) => {
    worker.once('message', ([reply]: [ReplyMessage]) => {
      if (reply.type === 'opened') resolve(reply)
      else if (reply.type === 'failed') reject(unpackError(reply.error))
    })
    worker.once('error', reject)
    worker.once('exit', (code) => reject(workerStopped(`exit code ${code}`)))
  })
  return new Inference(worker, opened, { queueRowsMax, onBatch })
}

/** A model at work in its thread. Every text it accepts is answered, also while it closes. */
export class Inference {
  readonly head: ModelHead
  readonly labels: readonly string[]
  readonly tokensMax: number
  readonly #worker: Worker
  readonly #options: { queueRowsMax: number; onBatch: (report: BatchReport) => void }
  readonly #pending = new Map<number, Pending>()
  readonly #exit: Promise<void>
  #idLast = 0
  #queueRows = 0
  #isOpen = true

  constructor(
    worker: Worker,
    opened: Opened,
    options: { queueRowsMax: number; onBatch: (report: BatchReport) => void },
  ) {
    this.#worker = worker
    this.head = opened.head
    this.labels = opened.labels
    this.tokensMax = opened.tokensMax
    this.#options = options
    worker.on('message', (replies: ReplyMessage[]) => {
      for (const reply of replies) this.#receive(reply)
    })
    worker.on('error', (cause) => this.#fail(cause))
    this.#exit = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.#fail(`exit code ${code}`)
        resolve()
      })
    })
  }

  /** False once it closes, or after its thread has died. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Texts accepted and not yet answered. */
  get queueRows(): number {
    return this.#queueRows
  }

  /** One prediction per input, in order; rejects with LimitError where the queue is full, or the signal's reason. */
  async predict(inputs: readonly PredictionInput[], signal?: AbortSignal): Promise<Prediction[]> {
    if (!this.#isOpen) throw new ConflictError('serving.closed', 'This model takes no more texts: it is closing')
    signal?.throwIfAborted()
    const texts = readInputs(inputs, this.head.answer)
    this.#admit(texts.length)
    const { numbers, counts, truncated } = await this.#score(texts, signal)
    let start = 0
    return texts.map(({ text }, i) => {
      const end = start + (counts[i] as number)
      const answer = { numbers: numbers.subarray(start, end), text, truncated: truncated[i] as boolean }
      start = end
      return toPrediction(this.head, answer)
    })
  }

  /** Refuses new texts from now on, answers the accepted ones and ends the thread. */
  async close(): Promise<void> {
    if (this.#isOpen) this.#post({ type: 'close' })
    this.#isOpen = false
    await this.#exit
  }

  #admit(texts: number): void {
    const { queueRowsMax } = this.#options
    if (this.#queueRows + texts > queueRowsMax) {
      throw new LimitError(
        'serving.overloaded',
        `${this.#queueRows} texts wait for the model, of at most ${queueRowsMax}: there is no room for ${texts} more`,
        { hint: 'Try again in a second, or send fewer texts at once.' },
      )
    }
    this.#queueRows += texts
  }

  #score(texts: readonly InputTexts[], signal: AbortSignal | undefined): Promise<ScoredTexts> {
    const id = ++this.#idLast
    let abort = () => {}
    const done = new Promise<ScoredTexts>((resolve, reject) => {
      // The worker answers an aborted request too: until then its texts keep their room in the queue.
      abort = () => {
        this.#post({ type: 'abort', id })
        reject(signal?.reason)
      }
      this.#pending.set(id, { texts: texts.length, resolve, reject })
      this.#post({ type: 'score', id, texts })
    })
    signal?.addEventListener('abort', abort)
    return done.finally(() => signal?.removeEventListener('abort', abort))
  }

  #receive(reply: ReplyMessage): void {
    if (reply.type === 'batch') this.#options.onBatch(reply.report)
    else if (reply.type === 'scored') this.#take(reply.id)?.resolve(reply.scored)
    else if (reply.type === 'refused') this.#take(reply.id)?.reject(unpackError(reply.error))
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    this.#queueRows -= pending?.texts ?? 0
    return pending
  }

  #fail(cause: unknown): void {
    this.#isOpen = false
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(workerStopped(cause))
  }

  #post(message: RequestMessage): void {
    this.#worker.postMessage(message)
  }
}

function workerStopped(cause: unknown): CapstanError {
  return new CapstanError('serving.worker-stopped', 'The thread that runs the model has stopped', {
    hint: 'Send the request again: the model is loaded anew at its next use.',
    cause,
  })
}
