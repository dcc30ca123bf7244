import { ConflictError, LimitError, monotonicMs } from '../base/index.ts'
import type { Prediction, PredictionInput } from '../contracts/index.ts'
import { toPrediction } from './answer-forms.ts'
import { type AnswerRate, createAnswerRate } from './answer-rate.ts'
import type { BatchReport, ComputeSeconds, ScoredTexts, StageSeconds } from './batcher.ts'
import type { OpenedModel } from './inference-messages.ts'
import { InferenceThread } from './inference-thread.ts'
import type { ModelPlace, PredictorOptions } from './open-predictor.ts'
import { type InputTexts, readInputs } from './read-inputs.ts'
import type { ModelHead } from './read-model-head.ts'

export type InferenceOptions = PredictorOptions & {
  /** How long a text may wait for others while the model is idle; default 0: it starts at once. */
  delayMsMax?: number
  /** The most texts that may be accepted and not yet answered; default 2048. */
  queueRowsMax?: number
  onBatch?: (report: BatchReport) => void
}

/** A thread for models with these options. */
export function startThread({ delayMsMax = 0, queueRowsMax: _, onBatch: __, ...predictorOptions }: InferenceOptions) {
  return InferenceThread.start({ predictorOptions, delayMsMax })
}

/** Opens a model in a thread, one of its own unless told; throws what `openPredictor` throws. */
export async function startInference(
  folder: string,
  { baseFolder, ...options }: InferenceOptions & Pick<ModelPlace, 'baseFolder'> = {},
  thread: InferenceThread = startThread(options),
): Promise<Inference> {
  const { queueRowsMax = 2048, onBatch } = options
  const rate = createAnswerRate()
  const report = (batch: BatchReport) => {
    rate.observe(batch)
    onBatch?.(batch)
  }
  return new Inference(thread, await thread.open({ folder, baseFolder }, report), { queueRowsMax, rate })
}

/** How a call is made: before the answer, `onStages` hears where its time went, and `onCompute` what computing it took. */
export type PredictOptions = {
  signal?: AbortSignal
  onStages?: (seconds: StageSeconds) => void
  onCompute?: (seconds: ComputeSeconds) => void
}

type QueueOptions = { queueRowsMax: number; rate?: AnswerRate }

/** A model at work in its thread. Every text it accepts is answered, also while it closes. */
export class Inference {
  readonly head: ModelHead
  readonly labels: readonly string[]
  readonly tokensMax: number
  readonly #thread: InferenceThread
  readonly #model: number
  readonly #options: QueueOptions
  #queueRows = 0
  #closing: Promise<void> | null = null

  constructor(thread: InferenceThread, opened: { model: number } & OpenedModel, options: QueueOptions) {
    this.#thread = thread
    this.#model = opened.model
    this.head = opened.head
    this.labels = opened.labels
    this.tokensMax = opened.tokensMax
    this.#options = options
  }

  /** False once it closes, or after its thread has died. */
  get isOpen(): boolean {
    return this.#closing === null && this.#thread.isOpen
  }

  /** Texts accepted and not yet answered. */
  get queueRows(): number {
    return this.#queueRows
  }

  /** One prediction per input, in order; rejects with LimitError where the queue is full, or the signal's reason. */
  async predict(
    inputs: readonly PredictionInput[],
    { signal, onStages, onCompute }: PredictOptions = {},
  ): Promise<Prediction[]> {
    if (!this.isOpen) throw new ConflictError('serving.closed', 'This model takes no more texts: it is closing')
    signal?.throwIfAborted()
    const texts = readInputs(inputs, this.head.answer)
    this.#admit(texts.length)
    const { numbers, counts, truncated, seconds, compute } = await this.#score(texts, signal)
    onStages?.(seconds)
    onCompute?.(compute)
    let start = 0
    return texts.map(({ text }, i) => {
      const end = start + (counts[i] as number)
      const answer = { numbers: numbers.subarray(start, end), text, truncated: truncated[i] as boolean }
      start = end
      return toPrediction(this.head, answer)
    })
  }

  /** Refuses new texts from now on, answers the accepted ones and ends the thread, unless other models run in it. */
  close(): Promise<void> {
    this.#closing ??= this.#thread.close(this.#model)
    return this.#closing
  }

  #admit(texts: number): void {
    const { queueRowsMax, rate } = this.#options
    if (this.#queueRows + texts > queueRowsMax) {
      const retryAfterSeconds = rate?.secondsFor(this.#queueRows) ?? 1
      throw new LimitError(
        'serving.overloaded',
        `${this.#queueRows} texts wait for the model, of at most ${queueRowsMax}: there is no room for ${texts} more`,
        { hint: `Try again in ${retryAfterSeconds} s, or send fewer texts at once.`, details: { retryAfterSeconds } },
      )
    }
    this.#queueRows += texts
  }

  async #score(texts: readonly InputTexts[], signal: AbortSignal | undefined): Promise<ScoredTexts> {
    const { id, answer } = this.#thread.ask('score', { model: this.#model, texts, sentMs: monotonicMs() })
    // The thread answers an aborted request too: until then its texts keep their room in the queue.
    const answered = answer.finally(() => {
      this.#queueRows -= texts.length
    })
    if (!signal) return answered
    let abort = () => {}
    const aborted = new Promise<never>((_, reject) => {
      abort = () => {
        this.#thread.abort(id)
        reject(signal.reason)
      }
      signal.addEventListener('abort', abort)
    })
    return Promise.race([answered, aborted]).finally(() => signal.removeEventListener('abort', abort))
  }
}
