import type { ModelReference, ModelVersion, Prediction, PredictionInput, Task } from '../contracts/index.ts'
import type { Access } from '../platform/index.ts'

/** One run of a model: how many texts it took, the tokens they had and those that only filled rows up. */
export type ObservedBatch = {
  task: string
  model: ModelReference
  rows: number
  tokens: number
  tokensPadded: number
  seconds: number
}

/** What the HTTP app asks of a platform; `createPlatform` returns one. */
export type ServedPlatform = {
  access: Pick<Access, 'admit' | 'canUse'>
  /** One prediction with all scores per input, in order. NotFoundError where there is no such task. */
  predict(
    task: string,
    inputs: readonly PredictionInput[],
    options: { signal?: AbortSignal },
  ): Promise<{ model: ModelReference; predictions: Prediction[] }>
  listTasks(): Promise<Task[]>
  listModels(): Promise<ModelVersion[]>
  /** True once every model that serves is loaded. */
  isReady(): boolean
  /** Texts accepted and not yet answered, by task. */
  listQueues(): { task: string; queueRows: number }[]
  onBatch(listener: (batch: ObservedBatch) => void): () => void
}
