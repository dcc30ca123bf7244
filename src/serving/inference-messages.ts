import type { PackedError } from '../base/index.ts'
import type { BatchReport, ScoredTexts } from './batcher.ts'
import type { PredictorOptions } from './open-predictor.ts'

/** What the inference worker is started with. */
export type InferenceSettings = { folder: string; predictorOptions: PredictorOptions; delayMsMax: number }

export type RequestMessage =
  | { type: 'score'; id: number; texts: readonly string[] }
  | { type: 'abort'; id: number }
  | { type: 'close' }

export type ReplyMessage =
  | { type: 'opened'; labels: readonly string[]; tokensMax: number }
  | { type: 'scored'; id: number; scored: ScoredTexts }
  | { type: 'refused'; id: number; error: PackedError }
  | { type: 'failed'; error: PackedError }
  | { type: 'batch'; report: BatchReport }
