/** A run's events as metrics: the rows of the store, and the tags of event files and of exports. */
import type { EpochMetrics, StepMetrics } from '../contracts/index.ts'
import type { EvaluationReport, TrainEvent } from '../training/index.ts'

type EventOf<Type extends TrainEvent['type']> = Extract<TrainEvent, { type: Type }>

export function toStepMetrics(event: EventOf<'step-end'>): StepMetrics {
  const { step, epoch, loss, learningRate, gradientNorm, tokens, seconds } = event
  return { step, epoch, loss, learningRate, gradientNorm, tokens, seconds }
}

export function toEpochMetrics({ epoch, step, isBest, validation }: EventOf<'epoch-end'>): EpochMetrics {
  const isMeasured = validation.report.count > 0
  return {
    epoch,
    step,
    loss: isMeasured ? validation.loss : null,
    metrics: isMeasured ? withoutTables(validation.report) : {},
    isBest,
  }
}

/** A report without what has a line for each class. */
export function withoutTables(report: EvaluationReport): Record<string, unknown> {
  return Object.fromEntries(Object.entries(report).filter(([name]) => name !== 'classes' && name !== 'confusions'))
}

/** The values of a step by tag, such as `train/loss`. */
export function stepScalars({
  loss,
  learningRate,
  gradientNorm,
  tokens,
  seconds,
}: StepMetrics): Record<string, number> {
  return {
    'train/loss': loss,
    'train/learning_rate': learningRate,
    'train/gradient_norm': gradientNorm,
    'train/tokens_per_second': tokens / seconds,
  }
}

/** Numbers of a report that say on how much it was measured, and are no scores. */
const counts = new Set(['count', 'candidates'])

/** The values of an epoch by tag, such as `validation/macro_f1`; none without validation texts. */
export function epochScalars({ loss, metrics }: EpochMetrics): Record<string, number> {
  const scores = Object.entries({ ...metrics, loss }).flatMap(([name, value]): [string, number][] =>
    typeof value === 'number' && !counts.has(name) ? [[`validation/${toSnakeCase(name)}`, value]] : [],
  )
  return Object.fromEntries(scores)
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
