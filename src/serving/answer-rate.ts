import type { BatchReport } from './batcher.ts'

/** How much of what is known an older batch keeps with each new one: ten batches or so count. */
const memory = 0.9
const secondsMax = 60

/** How fast a model has answered of late. */
export type AnswerRate = {
  observe(batch: Pick<BatchReport, 'rows' | 'seconds'>): void
  /** Whole seconds, 1 to 60, that so many waiting texts take; undefined before the first batch. */
  secondsFor(rows: number): number | undefined
}

/** Texts over the seconds of the runs that answered them, the last runs weighing most. */
export function createAnswerRate(): AnswerRate {
  let rowsSum = 0
  let secondsSum = 0
  return {
    observe({ rows, seconds }) {
      rowsSum = memory * rowsSum + rows
      secondsSum = memory * secondsSum + seconds
    },
    secondsFor(rows) {
      if (rowsSum === 0) return undefined
      return Math.min(secondsMax, Math.max(1, Math.ceil((rows * secondsSum) / rowsSum)))
    },
  }
}
