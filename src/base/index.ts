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
export { createId, sha256 } from './id.ts'
export { createLogger, type Logger, type LogLevel } from './log.ts'
export { type PackedError, packError, unpackError } from './pack-error.ts'
export { createRandom, type Random, shuffle } from './random.ts'
export { startWorker } from './start-worker.ts'
