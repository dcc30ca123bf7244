import type { Prediction, PredictionInput } from '../contracts/index.ts'
import { countCores } from '../runtime/index.ts'
import type { BatchReport, ComputeSeconds } from './batcher.ts'
import type { ModelPlace, PredictorOptions } from './open-predictor.ts'
import type { ModelHead } from './read-model-head.ts'
import { type Inference, startInference } from './start-inference.ts'

export type InferenceTeamOptions = Pick<PredictorOptions, 'device'> & {
  /** Threads with a session each; default: one for each core, eight at most, and one on other devices than the CPU. */
  members?: number
  onBatch?: (report: BatchReport) => void
  onCompute?: (seconds: ComputeSeconds) => void
}

type Chunk = { inputs: PredictionInput[]; resolve(predictions: Prediction[]): void; reject(reason: unknown): void }

/** Each member holds the model's weights once more. */
const membersMax = 8
/** The most texts that a member takes at a time: enough for full batches. */
const chunkTextsMax = 256
const chunkTextsMin = 16
/** Few texts are divided into so many chunks, so that members end together, however many there are. */
const chunksMin = 16

/**
 * One model in several threads that each compute on one core, for many texts at once. Threads that share a run wait for
 * one another at every operator; here a text's tokens and its run stay on one core, and no core waits.
 */
export class InferenceTeam {
  readonly head: ModelHead
  readonly #idle: Inference[]
  readonly #members: readonly Inference[]
  readonly #waiting: Chunk[] = []
  readonly #onCompute: (seconds: ComputeSeconds) => void

  private constructor(members: readonly [Inference, ...Inference[]], onCompute: (seconds: ComputeSeconds) => void) {
    this.head = members[0].head
    this.#members = members
    this.#idle = [...members]
    this.#onCompute = onCompute
  }

  /** Throws what `openPredictor` throws. */
  static async start(
    place: ModelPlace,
    { device = 'cpu', members, onCompute = () => {}, ...options }: InferenceTeamOptions = {},
  ) {
    const count = members ?? (device === 'cpu' ? Math.min(membersMax, countCores()) : 1)
    const settings = { ...options, device, baseFolder: place.baseFolder, ...(device === 'cpu' && { threads: 1 }) }
    const opened = await Promise.allSettled(Array.from({ length: count }, () => startInference(place.folder, settings)))
    const inferences = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const failed = opened.find((result) => result.status === 'rejected')
    if (!failed) return new InferenceTeam(inferences as [Inference, ...Inference[]], onCompute)
    await Promise.all(inferences.map((inference) => inference.close()))
    throw failed.reason
  }

  /**
   * One prediction per input, in order; `onScored` hears how many more are ready. Which texts run together depends on the
   * inputs alone, so that the same inputs give the same numbers.
   */
  async predict(
    inputs: readonly PredictionInput[],
    onScored: (count: number) => void = () => {},
  ): Promise<Prediction[]> {
    const predictions: Prediction[] = new Array(inputs.length)
    // Texts of like length go together; the longest go first, so that what is left for the end is short.
    const order = inputs.map((_, index) => index)
    const lengths = inputs.map(countCharacters)
    order.sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b)
    const chunks: Promise<void>[] = []
    const size = Math.min(chunkTextsMax, Math.max(chunkTextsMin, Math.ceil(order.length / chunksMin)))
    for (let start = 0; start < order.length; start += size) {
      const indices = order.slice(start, start + size)
      const scored = this.#score(indices.map((index) => inputs[index] as PredictionInput))
      chunks.push(
        scored.then((answers) => {
          indices.forEach((index, i) => {
            predictions[index] = answers[i] as Prediction
          })
          onScored(indices.length)
        }),
      )
    }
    await Promise.all(chunks)
    return predictions
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()))
  }

  #score(inputs: PredictionInput[]): Promise<Prediction[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ inputs, resolve, reject })
      this.#assign()
    })
  }

  /** A member has one chunk at a time, because its batcher would mix two as they come. */
  #assign(): void {
    while (this.#waiting.length > 0) {
      const member = this.#idle.pop()
      if (!member) return
      const { inputs, resolve, reject } = this.#waiting.shift() as Chunk
      member
        .predict(inputs, { onCompute: this.#onCompute })
        .then(resolve, reject)
        .finally(() => {
          this.#idle.push(member)
          this.#assign()
        })
    }
  }
}

function countCharacters(input: PredictionInput): number {
  return typeof input === 'string' ? input.length : input.text.length + (input.text_pair?.length ?? 0)
}
