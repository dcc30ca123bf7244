export { assert, present } from './assert.ts'
export { type Clock, type Sleep, systemClock, systemSleep } from './clock.ts'
export {
  CapstanError,
  ConflictError,
  InvalidInputError,
  LimitError,
  NotFoundError,
  UnsupportedError,
} from './errors.ts'
export { type Column, formatTable } from './format-table.ts'
export { createGroupCommit, type GroupCommit } from './group-commit.ts'
export { createId, sha256 } from './id.ts'
export { createLogger, type Logger, type LogLevel } from './log.ts'
export { lowerThreadPriority } from './lower-thread-priority.ts'
export { monotonicMs } from './monotonic-ms.ts'
export { type PackedError, packError, unpackError } from './pack-error.ts'
export { createRandom, drawNormal, type Random, shuffle } from './random.ts'
export { startProcess } from './start-process.ts'
export { startWorker } from './start-worker.ts'
export { incompleteBeta, logBeta } from './statistics/beta.ts'
export {
  binomialAtMost,
  binomialLowerBound,
  binomialUpperBound,
  hypergeometricAtLeast,
} from './statistics/binomial.ts'
export { bisect } from './statistics/bisect.ts'
export { normalQuantile } from './statistics/normal.ts'
export { wilsonInterval } from './statistics/wilson-interval.ts'
