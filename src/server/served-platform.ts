import type {
  Feedback,
  FeedbackRequest,
  GateStatus,
  LabelQuestion,
  LabelReport,
  LabelRequest,
  ModelReference,
  ModelVersion,
  Money,
  PredictionInput,
  ServedPrediction,
  Task,
  TaskConfig,
} from '../contracts/index.ts'
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

/** Where the time of a prediction went: splitting its texts, waiting for its turn, the model, and the teacher. */
export type StageSeconds = { tokenize: number; queue: number; model: number; teacher: number }

/** A try of a teacher, the outcome of a call, or that a teacher is left in peace for a while. */
export type ObservedTeacher = { task: string } & (
  | { type: 'try-end'; result: string; latencyMs: number }
  | { type: 'outcome-end'; result: string; spent: { cost: Money; costMax: Money } }
  | { type: 'circuit-change'; state: 'closed' | 'open' | 'half-open' }
)

/** A model was loaded, or left the memory to others or to its task's next version. */
export type ObservedModel = { task: string; model: ModelReference } & (
  | { type: 'model-loaded'; seconds: number }
  | { type: 'model-unloaded'; reason: 'memory' | 'replaced' }
)

/** What the HTTP app asks of a platform; `createPlatform` returns one. */
export type ServedPlatform = {
  access: Pick<Access, 'admit' | 'canUse'>
  /** One answer with all scores per input, in order, each stored. NotFoundError where there is no such task. */
  answer(
    task: string,
    inputs: readonly PredictionInput[],
    options: {
      signal?: AbortSignal
      caller?: string | null
      onStages?: (seconds: Omit<StageSeconds, 'teacher'>) => void
      onTeacher?: (seconds: number) => void
    },
  ): Promise<{ model: ModelReference | null; predictions: ServedPrediction[] }>
  giveFeedback(prediction: string, feedback: FeedbackRequest, caller?: string | null): Promise<Feedback>
  taskSettings(task: string): TaskConfig | undefined
  putTask(task: string, settings: TaskConfig): Promise<void>
  gateStatus(task: string): Promise<GateStatus>
  readonly labelling: {
    list(filter: { task: string; limit?: number; annotator?: string }): Promise<LabelQuestion[]>
    answer(question: string, request: LabelRequest): Promise<{ isSettled: boolean; example: string | null }>
    report(task: string): Promise<LabelReport>
  }
  listTasks(): Promise<Task[]>
  listModels(): Promise<ModelVersion[]>
  /** True once every model that serves is loaded. */
  isReady(): boolean
  /** Texts accepted and not yet answered, by task. */
  listQueues(): { task: string; queueRows: number }[]
  onBatch(listener: (batch: ObservedBatch) => void): () => void
  onModel(listener: (event: ObservedModel) => void): () => void
  onTeacher(listener: (event: ObservedTeacher) => void): () => void
  /** What loaded models take by their estimates, and may take. */
  readModelMemory(): { bytes: number; bytesMax: number }
}
