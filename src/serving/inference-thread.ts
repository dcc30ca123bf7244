import type { Worker } from 'node:worker_threads'
import { CapstanError, startWorker, unpackError } from '../base/index.ts'
import type { BatchReport } from './batcher.ts'
import type { InferenceSettings, OpenedModel, ReplyMessage, RequestMessage, Requests } from './inference-messages.ts'
import type { ModelPlace } from './open-predictor.ts'

type Pending = { resolve(answer: never): void; reject(reason: unknown): void }

/** A question that is under way. */
export type Asked<Answer> = { id: number; answer: Promise<Answer> }

/** A thread in which models run: one, or adapters of one form on one base. It ends with the last of them. */
export class InferenceThread {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #listeners = new Map<number, (report: BatchReport) => void>()
  readonly #exit: Promise<void>
  #idLast = 0
  #isOpen = true

  constructor(worker: Worker) {
    this.#worker = worker
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

  static start(settings: InferenceSettings): InferenceThread {
    return new InferenceThread(startWorker('./inference-worker', import.meta.url, settings))
  }

  /** False once it has no model left, or has died. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Opens a model under a number of its own; throws what `openPredictor` throws. */
  async open(place: ModelPlace, onBatch: (report: BatchReport) => void): Promise<{ model: number } & OpenedModel> {
    const model = this.#idLast + 1
    this.#listeners.set(model, onBatch)
    try {
      return { model, ...(await this.ask('open', { model, place }).answer) }
    } catch (error) {
      await this.#leave(model)
      throw error
    }
  }

  /** Answers what the model has accepted, then lets go of it. */
  async close(model: number): Promise<void> {
    // A thread that has died has nothing left to answer.
    await this.ask('close', { model }).answer.catch((error) => {
      if (this.#isOpen) throw error
    })
    await this.#leave(model)
  }

  /** Ends a thread that has no model. */
  async end(): Promise<void> {
    if (this.#isOpen) this.#post({ type: 'end' })
    this.#isOpen = false
    await this.#exit
  }

  ask<Type extends keyof Requests>(type: Type, asked: Requests[Type]['asked']): Asked<Requests[Type]['answered']> {
    const id = ++this.#idLast
    if (!this.#isOpen) return { id, answer: Promise.reject(workerStopped('it has ended')) }
    const answer = new Promise<Requests[Type]['answered']>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#post({ type, id, ...asked } as RequestMessage)
    })
    return { id, answer }
  }

  abort(id: number): void {
    this.#post({ type: 'abort', id })
  }

  async #leave(model: number): Promise<void> {
    this.#listeners.delete(model)
    if (this.#listeners.size === 0) await this.end()
  }

  #receive(reply: ReplyMessage): void {
    if (reply.type === 'batch') this.#listeners.get(reply.model)?.(reply.report)
    else if (reply.type === 'answered') this.#take(reply.id)?.resolve(reply.answer as never)
    else this.#take(reply.id)?.reject(unpackError(reply.error))
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
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
