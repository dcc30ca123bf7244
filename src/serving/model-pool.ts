import { ConflictError } from '../base/index.ts'
import type { ModelReference, Prediction, PredictionInput, TaskKind } from '../contracts/index.ts'
import { adapterForm, isAdapterFolder, readAdapterConfig } from '../encoders/index.ts'
import type { BatchReport } from './batcher.ts'
import type { InferenceThread } from './inference-thread.ts'
import type { ModelPlace } from './open-predictor.ts'
import { type Inference, type InferenceOptions, startInference, startThread } from './start-inference.ts'

/** Where a model version is, and the task for which it answers. */
export type ServedModel = ModelPlace & { task: string; model: ModelReference }

export type ModelPoolOptions = Omit<InferenceOptions, 'onBatch'> & {
  /** Which model answers for a task that is not loaded yet; throws where there is none. */
  findModel(task: string): Promise<ServedModel>
}

/** A batch that ran, and for whom. */
export type ServedBatch = BatchReport & { task: string; model: ModelReference }

export type LoadedTask = {
  task: string
  kind: TaskKind
  /** Its texts come in pairs. */
  pairs: boolean
  model: ModelReference
  labels: readonly string[]
  queueRows: number
}

type Slot = { model: ModelReference; inference: Inference }

/**
 * The models of one process, one for each task: loaded on first use or by `load`, exchanged without losing a request. Each
 * has a thread of its own; separate adapters of one form share that of their base.
 */
export class ModelPool {
  readonly #options: ModelPoolOptions
  readonly #slots = new Map<string, Slot>()
  /** Threads of bases, by the form of the adapters that they take. */
  readonly #threads = new Map<string, InferenceThread>()
  /** The last load of each task: loads of one task go one after the other. */
  readonly #loads = new Map<string, Promise<unknown>>()
  readonly #listeners = new Set<(batch: ServedBatch) => void>()
  #isClosed = false

  constructor(options: ModelPoolOptions) {
    this.#options = options
  }

  /** Predictions with all scores, by the model that answers for the task now. */
  async predict(
    task: string,
    inputs: readonly PredictionInput[],
    options: { signal?: AbortSignal } = {},
  ): Promise<{ model: ModelReference; predictions: Prediction[] }> {
    let slot = this.#slots.get(task)
    while (!slot?.inference.isOpen) {
      await this.#loadInTurn(task, () => this.#ensure(task))
      slot = this.#slots.get(task)
    }
    // No await since the slot was read: a swap that begins now lets this request finish first.
    const { model, inference } = slot
    return { model, predictions: await inference.predict(inputs, options.signal) }
  }

  /** Loads a model, or puts it in the place of its task's present one, which answers what it has accepted and ends. */
  async load(served: ServedModel): Promise<void> {
    await this.#loadInTurn(served.task, () => this.#replace(served))
  }

  /** The tasks whose model is loaded. */
  listLoaded(): LoadedTask[] {
    return [...this.#slots].map(([task, { model, inference }]) => ({
      task,
      kind: inference.head.answer.kind,
      pairs: inference.head.answer.pairs === true,
      model,
      labels: inference.labels,
      queueRows: inference.queueRows,
    }))
  }

  /** Calls `listener` after each batch; the function returned ends that. */
  onBatch(listener: (batch: ServedBatch) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Answers what was accepted, then ends all models. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#loads.values())
    await Promise.all([...this.#slots.values()].map(({ inference }) => inference.close()))
    this.#slots.clear()
  }

  #loadInTurn(task: string, load: () => Promise<void>): Promise<void> {
    if (this.#isClosed) throw new ConflictError('serving.closed', `No model is loaded for ${task}: the pool is closed`)
    const turn = Promise.allSettled([this.#loads.get(task)]).then(load)
    this.#loads.set(task, turn)
    return turn
  }

  async #ensure(task: string): Promise<void> {
    if (this.#slots.get(task)?.inference.isOpen) return
    await this.#replace(await this.#options.findModel(task))
  }

  async #replace({ task, model, folder, baseFolder }: ServedModel): Promise<void> {
    const { findModel: _, ...inferenceOptions } = this.#options
    const report = (batch: BatchReport) => {
      for (const listener of this.#listeners) listener({ ...batch, task, model })
    }
    const form = isAdapterFolder(folder) ? adapterForm(await readAdapterConfig(folder)) : null
    const thread = form === null ? startThread(inferenceOptions) : this.#sharedThread(form, inferenceOptions)
    const inference = await startInference(folder, { ...inferenceOptions, baseFolder, onBatch: report }, thread)
    const previous = this.#slots.get(task)
    this.#slots.set(task, { model, inference })
    await previous?.inference.close()
  }
  #sharedThread(form: string, options: InferenceOptions): InferenceThread {
    const known = this.#threads.get(form)
    if (known?.isOpen) return known
    const thread = startThread(options)
    this.#threads.set(form, thread)
    return thread
  }
}
