import {
  CapstanError,
  ConflictError,
  InvalidInputError,
  LimitError,
  NotFoundError,
  UnsupportedError,
} from './errors.ts'

/** A CapstanError as plain data, for the way between threads: a structured clone keeps neither its class nor its code. */
export type PackedError = { name: string; code: string; message: string; hint: string | undefined; details: unknown }

const errorClasses = { InvalidInputError, NotFoundError, ConflictError, UnsupportedError, LimitError }

/** Packs a CapstanError; any other error is thrown again, because nobody beyond the thread could act on it. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof CapstanError)) throw error
  const { name, code, message, hint, details } = error
  return { name, code, message, hint, details }
}

export function unpackError({ name, code, message, hint, details }: PackedError): CapstanError {
  const ErrorClass = errorClasses[name as keyof typeof errorClasses] ?? CapstanError
  return new ErrorClass(code, message, { details, ...(hint === undefined ? {} : { hint }) })
}
