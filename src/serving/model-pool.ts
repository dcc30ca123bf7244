import { ConflictError, LimitError } from '../base/index.ts'
import type { ModelReference, Prediction, PredictionInput, TaskKind } from '../contracts/index.ts'
import { adapterForm, isAdapterFolder, readAdapterConfig } from '../encoders/index.ts'
import { answerForms } from './answer-forms.ts'
import type { BatchReport, ComputeSeconds } from './batcher.ts'
import type { InferenceThread } from './inference-thread.ts'
import { estimateModelMemory, type ModelMemory, sumMemory } from './model-memory.ts'
import type { ModelPlace } from './open-predictor.ts'
import { type ModelHead, readModelHead } from './read-model-head.ts'
import {
  type Inference,
  type InferenceOptions,
  type PredictOptions,
  startInference,
  startThread,
} from './start-inference.ts'

/** Where a model version is, and the task for which it answers. */
export type ServedModel = ModelPlace & { task: string; model: ModelReference }

export type ModelPoolOptions = Omit<InferenceOptions, 'onBatch'> & {
  /** Which model answers for a task that is not loaded yet; throws where there is none. */
  findModel(task: string): Promise<ServedModel>
  /** The most that loaded models may take by their estimates; default: no limit. */
  memoryBytesMax?: number | undefined
  onCompute?: (compute: ServedCompute) => void
}

/** What computing a call took, and for whom. */
export type ServedCompute = ComputeSeconds & { task: string; model: ModelReference; caller: string | null }

/** `caller`: the key of the customer who asks. */
export type PoolPredictOptions = Omit<PredictOptions, 'onCompute'> & { caller?: string | null | undefined }

/** A batch that ran, and for whom. */
export type ServedBatch = BatchReport & { task: string; model: ModelReference }

type UnloadReason = 'memory' | 'replaced'

/** A model came or went; one that gave up its place for the memory of others is loaded again at its task's next request. */
export type ModelEvent = { task: string; model: ModelReference } & (
  | { type: 'model-loaded'; seconds: number }
  | { type: 'model-unloaded'; reason: UnloadReason }
)

/** A task that can be asked, whether its model is in memory or not. */
export type KnownTask = {
  task: string
  kind: TaskKind
  /** Its texts come in pairs. */
  pairs: boolean
  model: ModelReference
  labels: readonly string[]
}

export type LoadedTask = KnownTask & { queueRows: number }

type Slot = { known: KnownTask; inference: Inference; memory: ModelMemory; lastUse: number }
/** A model that answered until another took its place. */
type Former = { slot: Slot; timer: NodeJS.Timeout }

/** Whoever goes back to a former version does it soon. */
const formerMs = 10 * 60_000

/**
 * The models of one process, one for each task: loaded on first use or by `load`, exchanged without losing a request, and
 * unloaded, the least recently used first, where memory is limited. Each has a thread of its own; separate adapters of one
 * form share that of their base.
 */
export class ModelPool {
  readonly #options: ModelPoolOptions
  readonly #slots = new Map<string, Slot>()
  readonly #formers = new Map<string, Former>()
  readonly #known = new Map<string, KnownTask>()
  /** Threads of bases, by the form of the adapters that they take. */
  readonly #threads = new Map<string, InferenceThread>()
  /** The last load of each task: loads of one task go one after the other, and under a limit all loads. */
  readonly #loads = new Map<string, Promise<unknown>>()
  readonly #batchListeners = new Set<(batch: ServedBatch) => void>()
  readonly #modelListeners = new Set<(event: ModelEvent) => void>()
  #isServing = false
  #spare: InferenceThread | null = null
  #useCount = 0
  #isClosed = false

  constructor(options: ModelPoolOptions) {
    this.#options = options
  }

  /** Predictions with all scores, by the model that answers for the task now. */
  async predict(
    task: string,
    inputs: readonly PredictionInput[],
    { caller = null, ...options }: PoolPredictOptions = {},
  ): Promise<{ model: ModelReference; predictions: Prediction[] }> {
    let slot = this.#slots.get(task)
    while (!slot?.inference.isOpen) {
      await this.#inTurn(task, () => this.#ensure(task))
      slot = this.#slots.get(task)
    }
    // No await since the slot was read: a swap or unloading that begins now lets this request finish first.
    slot.lastUse = ++this.#useCount
    const { known, inference } = slot
    const { model } = known
    const onCompute = (seconds: ComputeSeconds) => this.#options.onCompute?.({ ...seconds, task, model, caller })
    return { model, predictions: await inference.predict(inputs, { ...options, onCompute }) }
  }

  /**
   * Loads a model, or puts it in the place of its task's present one. Resolves once it answers; the one before ends when it
   * has answered what it accepted.
   */
  load(served: ServedModel): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#inTurn(served.task, () => this.#replace(served, resolve)).catch(reject)
    })
  }

  /**
   * From now on a thread stands ready for the next model, so that half of what loading takes is done before it is asked for;
   * and where there is room, a model whose place was taken answers again at once for ten minutes.
   */
  keepReady(): void {
    this.#isServing = true
    this.#startSpare()
  }

  /** Loads a model if that takes no other's place; otherwise its task is known, and its first request loads it. */
  async loadIfRoom(served: ServedModel): Promise<void> {
    await this.#inTurn(served.task, async () => {
      const memory = await estimateModelMemory(served)
      this.#requireFit(memory, served.task)
      if (this.#hasRoom(memory)) await this.#replace(served)
      else this.#known.set(served.task, describeTask(served, await readModelHead(served.folder)))
    })
  }

  /** The tasks whose model is loaded or was, and those that `loadIfRoom` found no room for. */
  listTasks(): KnownTask[] {
    return [...this.#known.values()]
  }

  /** The tasks whose model is loaded. */
  listLoaded(): LoadedTask[] {
    return [...this.#slots.values()].map(({ known, inference }) => ({ ...known, queueRows: inference.queueRows }))
  }

  /** What the loaded models take by their estimates. */
  get memoryBytes(): number {
    return sumMemory(this.#listMemory())
  }

  /** Calls `listener` after each batch; the function returned ends that. */
  onBatch(listener: (batch: ServedBatch) => void): () => void {
    this.#batchListeners.add(listener)
    return () => this.#batchListeners.delete(listener)
  }

  /** Calls `listener` after each loading and unloading; the function returned ends that. */
  onModel(listener: (event: ModelEvent) => void): () => void {
    this.#modelListeners.add(listener)
    return () => this.#modelListeners.delete(listener)
  }

  /** Answers what was accepted, then ends all models. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#loads.values())
    const formers = [...this.#formers.keys()].map((task) => this.#dropFormer(task, 'replaced'))
    const present = [...this.#slots.values()].map(({ inference }) => inference.close())
    await Promise.all([this.#spare?.end(), ...formers, ...present])
    this.#slots.clear()
  }

  #inTurn(task: string, load: () => Promise<void>): Promise<void> {
    if (this.#isClosed) throw new ConflictError('serving.closed', `No model is loaded for ${task}: the pool is closed`)
    // Under a limit, two loads at once would both find the room that is there for one.
    const turnOf = this.#options.memoryBytesMax === undefined ? task : 'all'
    const turn = Promise.allSettled([this.#loads.get(turnOf)]).then(load)
    this.#loads.set(turnOf, turn)
    return turn
  }

  async #ensure(task: string): Promise<void> {
    if (this.#slots.get(task)?.inference.isOpen) return
    await this.#replace(await this.#options.findModel(task))
  }

  async #replace(served: ServedModel, onLoaded: () => void = () => {}): Promise<void> {
    const startedMs = performance.now()
    const { task, model } = served
    const { known, inference, memory } = this.#takeFormer(served) ?? (await this.#open(served))
    const previous = this.#slots.get(task)
    this.#known.set(task, known)
    this.#slots.set(task, { known, inference, memory, lastUse: ++this.#useCount })
    this.#tell({ type: 'model-loaded', task, model, seconds: (performance.now() - startedMs) / 1000 })
    const retired = previous && this.#retire(previous)
    onLoaded()
    this.#startSpare()
    await retired
  }

  async #open(served: ServedModel): Promise<Omit<Slot, 'lastUse'>> {
    const memory = await estimateModelMemory(served)
    await this.#makeRoom(memory, served.task)
    const inference = await this.#start(served)
    return { known: describeTask(served, inference.head), inference, memory }
  }

  #takeFormer({ task, model }: ServedModel): Slot | null {
    const former = this.#formers.get(task)
    if (former?.slot.known.model.id !== model.id || !former.slot.inference.isOpen) return null
    clearTimeout(former.timer)
    this.#formers.delete(task)
    return former.slot
  }

  /** Keeps a model whose place was taken, if a server may want it back and there is room; else lets it answer what it accepted. */
  async #retire(slot: Slot): Promise<void> {
    const { task } = slot.known
    const dropped = this.#dropFormer(task, 'replaced')
    const isKept = this.#isServing && slot.inference.isOpen && this.#hasRoom(slot.memory)
    if (isKept) {
      const timer = setTimeout(() => void this.#dropFormer(task, 'replaced'), formerMs).unref()
      this.#formers.set(task, { slot, timer })
    }
    await Promise.all([dropped, isKept ? null : this.#end(slot, 'replaced')])
  }

  async #dropFormer(task: string, reason: UnloadReason): Promise<void> {
    const former = this.#formers.get(task)
    if (!former) return
    clearTimeout(former.timer)
    this.#formers.delete(task)
    await this.#end(former.slot, reason)
  }

  /** Answers what the model has accepted, then lets go of it. */
  async #end({ known: { task, model }, inference }: Slot, reason: UnloadReason): Promise<void> {
    await inference.close()
    this.#tell({ type: 'model-unloaded', task, model, reason })
  }

  async #start({ task, model, folder, baseFolder }: ServedModel): Promise<Inference> {
    const options = this.#inferenceOptions
    const report = (batch: BatchReport) => {
      for (const listener of this.#batchListeners) listener({ ...batch, task, model })
    }
    const form = isAdapterFolder(folder) ? adapterForm(await readAdapterConfig(folder)) : null
    const thread = form === null ? this.#takeThread() : this.#sharedThread(form)
    return startInference(folder, { ...options, baseFolder, onBatch: report }, thread)
  }

  #hasRoom(memory: ModelMemory): boolean {
    const { memoryBytesMax = Number.POSITIVE_INFINITY } = this.#options
    return sumMemory([memory, ...this.#listMemory()]) <= memoryBytesMax
  }

  #listMemory(): ModelMemory[] {
    const formers = [...this.#formers.values()].map(({ slot }) => slot)
    return [...this.#slots.values(), ...formers].map(({ memory }) => memory)
  }

  /** Throws LimitError `serving.too-large` where a model would not fit alone. */
  #requireFit(memory: ModelMemory, task: string): void {
    const { memoryBytesMax = Number.POSITIVE_INFINITY } = this.#options
    const bytes = sumMemory([memory])
    if (bytes > memoryBytesMax) throw tooLarge(task, bytes, memoryBytesMax)
  }

  /**
   * Unloads others until a model fits: first those that do not answer any more, and last the one whose place it takes, so that
   * the task is answered without a gap if it can be.
   */
  async #makeRoom(memory: ModelMemory, task: string): Promise<void> {
    this.#requireFit(memory, task)
    for (const former of [...this.#formers.keys()]) {
      if (!this.#hasRoom(memory)) await this.#dropFormer(former, 'memory')
    }
    while (!this.#hasRoom(memory)) {
      const others = [...this.#slots.values()].filter(({ known }) => known.task !== task)
      // One that nobody waits for is gone at once.
      const byUse = others.sort((a, b) => Number(isBusy(a)) - Number(isBusy(b)) || a.lastUse - b.lastUse)
      await this.#unload(byUse[0]?.known.task ?? task)
    }
  }

  /** Whoever comes meanwhile has it loaded anew. */
  async #unload(task: string): Promise<void> {
    const slot = this.#slots.get(task)
    this.#slots.delete(task)
    if (slot) await this.#end(slot, 'memory')
  }

  #sharedThread(form: string): InferenceThread {
    const known = this.#threads.get(form)
    if (known?.isOpen) return known
    const thread = this.#takeThread()
    this.#threads.set(form, thread)
    return thread
  }

  #takeThread(): InferenceThread {
    const spare = this.#spare
    this.#spare = null
    return spare?.isOpen ? spare : startThread(this.#inferenceOptions)
  }

  #startSpare(): void {
    if (this.#isServing && !this.#isClosed) this.#spare ??= startThread(this.#inferenceOptions)
  }

  get #inferenceOptions(): InferenceOptions {
    const { findModel: _, memoryBytesMax: __, onCompute: ___, ...options } = this.#options
    return options
  }

  #tell(event: ModelEvent): void {
    for (const listener of this.#modelListeners) listener(event)
  }
}

function describeTask({ task, model }: ServedModel, { answer, names }: ModelHead): KnownTask {
  const labels = answerForms[answer.kind].labels(names)
  return { task, kind: answer.kind, pairs: answer.pairs === true, model, labels }
}

function isBusy({ inference }: Slot): boolean {
  return inference.queueRows > 0
}

function tooLarge(task: string, bytes: number, bytesMax: number): LimitError {
  const mib = (size: number) => Math.round(size / 2 ** 20)
  return new LimitError(
    'serving.too-large',
    `The model of ${task} takes about ${mib(bytes)} MiB, and all models may take ${mib(bytesMax)} MiB`,
    { hint: 'Raise serving.memoryMax in capstan.yaml, or serve a smaller model.' },
  )
}
