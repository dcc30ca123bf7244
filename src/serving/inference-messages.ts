import type { PackedError } from '../base/index.ts'
import type { BatchReport, ScoredTexts } from './batcher.ts'
import type { PredictorOptions } from './open-predictor.ts'
import type { InputTexts } from './read-inputs.ts'
import type { ModelHead } from './read-model-head.ts'

/** What the inference worker is started with. */
export type InferenceSettings = { folder: string; predictorOptions: PredictorOptions; delayMsMax: number }

export type RequestMessage =
  | { type: 'score'; id: number; texts: readonly InputTexts[] }
  | { type: 'abort'; id: number }
  | { type: 'close' }

export type ReplyMessage =
  | { type: 'opened'; head: ModelHead; labels: readonly string[]; tokensMax: number }
  | { type: 'scored'; id: number; scored: ScoredTexts }
  | { type: 'refused'; id: number; error: PackedError }
  | { type: 'failed'; error: PackedError }
  | { type: 'batch'; report: BatchReport }
