import { setImmediate as nextTurn } from 'node:timers/promises'
import { ConflictError, monotonicMs } from '../base/index.ts'
import { groupByLength } from '../data/index.ts'
import type { EncodedText, Predictor } from './open-predictor.ts'
import type { InputTexts } from './read-inputs.ts'

export type BatcherOptions = {
  /** How long the first text of a batch may wait for others while the model is idle; 0 starts at once. */
  delayMsMax: number
  onBatch?: (report: BatchReport) => void
}

/** What one run of the model did; `tokensPadded` are the tokens that only filled rows up. */
export type BatchReport = { rows: number; tokens: number; tokensPadded: number; seconds: number }

/** A call's part of what computing took: of the CPU's time, and of the time for which runs of the model held the device. */
export type ComputeSeconds = { cpu: number; device: number }

/** Where the time of a call went: splitting its texts, waiting for its turns, and the runs of the model that had its texts. */
export type StageSeconds = { tokenize: number; queue: number; model: number }

/** The numbers of all texts' answers, one after the other; how many each has, and which texts were truncated. */
export type ScoredTexts = {
  numbers: Float32Array
  counts: number[]
  truncated: boolean[]
  seconds: StageSeconds
  compute: ComputeSeconds
}

type Job = {
  /** Of each text, once it has been run. */
  answers: Float32Array[]
  truncated: boolean[]
  rowsLeft: number
  tokenizedMs: number
  /** Earlier by the wait for a run that held the thread. */
  enqueuedMs: number
  modelMs: number
  compute: ComputeSeconds
  resolve(scored: ScoredTexts): void
  reject(reason: unknown): void
}
type Row = { text: EncodedText; job: Job; index: number; arrivedMs: number }

/**
 * Puts texts of concurrent calls into common batches. While one batch runs, arriving texts gather; the next takes the
 * oldest of them and those of similar length, so that no text starves and little is padding.
 */
export class Batcher {
  readonly #predictor: Predictor
  readonly #options: BatcherOptions
  /** In order of arrival. */
  #waiting: Row[] = []
  #running: Promise<void> | null = null
  #isDraining = false
  #ranUntilMs = Number.NEGATIVE_INFINITY
  /** Ends the present wait for more texts, if there is one. */
  #endDelay: (() => void) | null = null

  constructor(predictor: Predictor, options: BatcherOptions) {
    this.#predictor = predictor
    this.#options = options
  }

  /**
   * Rejects with the signal's reason once aborted: texts that have not started are then never run. `sentMs` (see
   * `monotonicMs`) is when they set out: a run holds the thread, so that texts that come meanwhile wait unseen.
   */
  async score(
    texts: readonly InputTexts[],
    { signal, sentMs = monotonicMs() }: { signal?: AbortSignal; sentMs?: number } = {},
  ): Promise<ScoredTexts> {
    if (this.#isDraining) throw new ConflictError('serving.closed', 'This model takes no more texts: it is closing')
    signal?.throwIfAborted()
    const startedMs = performance.now()
    const encoded = texts.map((text) => this.#predictor.encode(text))
    const truncated = encoded.map((text) => text.truncated)
    const enqueuedMs = performance.now()
    const unseenMs = Math.max(0, this.#ranUntilMs - sentMs)
    const tokenizedMs = enqueuedMs - startedMs
    const timing = { tokenizedMs, enqueuedMs: enqueuedMs - unseenMs, modelMs: 0 }
    // Splitting texts is work of this thread alone.
    const compute = { cpu: tokenizedMs / 1000, device: 0 }
    let abort = () => {}
    const done = new Promise<ScoredTexts>((resolve, reject) => {
      const job: Job = { answers: [], truncated, rowsLeft: texts.length, ...timing, compute, resolve, reject }
      if (texts.length === 0) return resolve(finishJob(job))
      abort = () => this.#dropJob(job, signal?.reason)
      this.#enqueue(job, encoded)
    })
    signal?.addEventListener('abort', abort)
    return done.finally(() => signal?.removeEventListener('abort', abort))
  }

  /** Refuses new calls from now on; resolves when all accepted texts are answered. */
  async drain(): Promise<void> {
    this.#isDraining = true
    this.#endDelay?.()
    await this.#running
  }

  #enqueue(job: Job, encoded: readonly EncodedText[]): void {
    const arrivedMs = performance.now()
    for (const [index, text] of encoded.entries()) this.#waiting.push({ text, job, index, arrivedMs })
    if (this.#endDelay && this.#isFull()) this.#endDelay()
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    do {
      await this.#gather()
      const batch = this.#takeBatch()
      if (batch.length > 0) await this.#runBatch(batch)
    } while (this.#waiting.length > 0)
    this.#running = null
  }

  /** Lets in what arrived while the last batch held the thread, then waits for more if the oldest text has time left. */
  async #gather(): Promise<void> {
    await nextTurn()
    const delayMs = (this.#waiting[0]?.arrivedMs ?? 0) + this.#options.delayMsMax - performance.now()
    if (delayMs <= 0 || this.#isFull() || this.#isDraining) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      this.#endDelay = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#endDelay = null
  }

  #isFull(): boolean {
    const tokens = this.#waiting.reduce((sum, { text }) => sum + text.ids.length, 0)
    return tokens >= this.#predictor.tokensPerBatch
  }

  #takeBatch(): Row[] {
    const lengths = this.#waiting.map(({ text }) => text.ids.length)
    const plan = groupByLength(lengths, this.#predictor.tokensPerBatch).find((indices) => indices.includes(0))
    const taken = new Set(plan)
    const batch = this.#waiting.filter((_, index) => taken.has(index))
    this.#waiting = this.#waiting.filter((_, index) => !taken.has(index))
    return batch
  }

  async #runBatch(batch: readonly Row[]): Promise<void> {
    const startedMs = performance.now()
    const cpuBefore = process.cpuUsage()
    try {
      const answers = await this.#predictor.infer(batch.map(({ text }) => text))
      this.#ranUntilMs = monotonicMs()
      const milliseconds = performance.now() - startedMs
      this.#options.onBatch?.(reportBatch(batch, milliseconds))
      for (const job of new Set(batch.map((row) => row.job))) job.modelMs += milliseconds
      this.#divide(batch, { cpu: this.#cpuSecondsSince(cpuBefore, milliseconds), device: milliseconds / 1000 })
      batch.forEach((row, i) => {
        this.#finishRow(row, answers[i] as Float32Array)
      })
    } catch (error) {
      for (const job of new Set(batch.map((row) => row.job))) this.#dropJob(job, error)
    }
  }

  /** What the process used meanwhile, of which the model's threads can have used no more than all of their time. */
  #cpuSecondsSince(before: NodeJS.CpuUsage, milliseconds: number): number {
    const { user, system } = process.cpuUsage(before)
    return Math.min((user + system) / 1e6, (this.#predictor.threads * milliseconds) / 1000)
  }

  /** Calls bear a run by their tokens. */
  #divide(batch: readonly Row[], { cpu, device }: ComputeSeconds): void {
    const tokens = batch.reduce((sum, { text }) => sum + text.ids.length, 0)
    for (const { text, job } of batch) {
      const share = text.ids.length / tokens
      job.compute = { cpu: job.compute.cpu + share * cpu, device: job.compute.device + share * device }
    }
  }

  #finishRow({ job, index }: Row, answer: Float32Array): void {
    job.answers[index] = answer
    job.rowsLeft -= 1
    if (job.rowsLeft === 0) job.resolve(finishJob(job))
  }

  #dropJob(job: Job, reason: unknown): void {
    this.#waiting = this.#waiting.filter((row) => row.job !== job)
    job.reject(reason)
  }
}

/** The numbers are a copy, because the answers of a batch share memory and go to several calls. */
function finishJob({ answers, truncated, tokenizedMs, enqueuedMs, modelMs, compute }: Job): ScoredTexts {
  const counts = answers.map(({ length }) => length)
  const numbers = new Float32Array(counts.reduce((sum, count) => sum + count, 0))
  let start = 0
  for (const answer of answers) {
    numbers.set(answer, start)
    start += answer.length
  }
  const queueMs = performance.now() - enqueuedMs - modelMs
  const seconds = toSeconds({ tokenize: tokenizedMs, queue: queueMs, model: modelMs })
  return { numbers, counts, truncated, seconds, compute }
}

function toSeconds({ tokenize, queue, model }: StageSeconds): StageSeconds {
  return { tokenize: tokenize / 1000, queue: queue / 1000, model: model / 1000 }
}

function reportBatch(batch: readonly Row[], milliseconds: number): BatchReport {
  const lengths = batch.map(({ text }) => text.ids.length)
  const tokens = lengths.reduce((sum, length) => sum + length, 0)
  const tokensPadded = batch.length * Math.max(...lengths) - tokens
  return { rows: batch.length, tokens, tokensPadded, seconds: milliseconds / 1000 }
}
