/**
 * Every error that Capstan throws on purpose. `code` is stable and documented in docs/errors.md; `message` says what
 * happened with the values; `hint` says the next step. `server/` maps the class to a status, `cli/` to an exit code.
 */
export type ErrorOptions = { hint?: string; details?: unknown; cause?: unknown }

export class CapstanError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly details: unknown

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.hint = options.hint
    this.details = options.details
  }
}

/** What the caller gave cannot be used as it is: exit code 2, status 400. */
export class InvalidInputError extends CapstanError {}
/** What the caller named does not exist: exit code 1, status 404. */
export class NotFoundError extends CapstanError {}
/** The state does not allow it now: exit code 1, status 409. */
export class ConflictError extends CapstanError {}
/** Capstan cannot do this (yet): exit code 1, status 501. */
export class UnsupportedError extends CapstanError {}
/** A limit of size, rate or capacity is reached: exit code 1, status 413, 429 or 503 by code. */
export class LimitError extends CapstanError {}
