export {
  Batcher,
  type BatcherOptions,
  type BatchReport,
  type ComputeSeconds,
  type ScoredTexts,
  type StageSeconds,
} from './batcher.ts'
export { InferenceTeam, type InferenceTeamOptions } from './inference-team.ts'
export { InferenceThread } from './inference-thread.ts'
export { estimateModelMemory } from './model-memory.ts'
export {
  type KnownTask,
  type LoadedTask,
  type ModelEvent,
  ModelPool,
  type ModelPoolOptions,
  type PoolPredictOptions,
  type ServedBatch,
  type ServedCompute,
  type ServedModel,
} from './model-pool.ts'
export {
  type EncodedText,
  type ModelPlace,
  openPredictor,
  type Predictor,
  type PredictorOptions,
} from './open-predictor.ts'
export type { InputTexts } from './read-inputs.ts'
export { type ModelHead, readModelHead } from './read-model-head.ts'
export { Inference, type InferenceOptions, startInference } from './start-inference.ts'
