import type { PackedError } from '../base/index.ts'
import type { BatchReport, ScoredTexts } from './batcher.ts'
import type { ModelPlace, PredictorOptions } from './open-predictor.ts'
import type { InputTexts } from './read-inputs.ts'
import type { ModelHead } from './read-model-head.ts'

/** What the inference worker is started with. */
export type InferenceSettings = { predictorOptions: PredictorOptions; delayMsMax: number }

/** A model at work, as its callers know it. */
export type OpenedModel = { head: ModelHead; labels: readonly string[]; tokensMax: number }

/** What a thread is asked, and what it answers; `model` is the number that the asking side gave the model. */
export type Requests = {
  open: { asked: { model: number; place: ModelPlace }; answered: OpenedModel }
  /** `sentMs` by `monotonicMs`, which all threads have in common. */
  score: { asked: { model: number; texts: readonly InputTexts[]; sentMs: number }; answered: ScoredTexts }
  /** Answered once all that the model has accepted is. */
  close: { asked: { model: number }; answered: null }
}

export type RequestMessage =
  | { [Type in keyof Requests]: { type: Type; id: number } & Requests[Type]['asked'] }[keyof Requests]
  /** The request of that id need not be answered any more; it still is. */
  | { type: 'abort'; id: number }
  | { type: 'end' }

export type ReplyMessage =
  | { type: 'answered'; id: number; answer: Requests[keyof Requests]['answered'] }
  | { type: 'refused'; id: number; error: PackedError }
  | { type: 'batch'; model: number; report: BatchReport }
