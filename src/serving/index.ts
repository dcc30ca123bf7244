export { Batcher, type BatcherOptions, type BatchReport, type ScoredTexts } from './batcher.ts'
export { type LoadedTask, ModelPool, type ModelPoolOptions, type ServedBatch, type ServedModel } from './model-pool.ts'
export { type EncodedText, openPredictor, type Predictor, type PredictorOptions } from './open-predictor.ts'
export { Inference, type InferenceOptions, startInference } from './start-inference.ts'
