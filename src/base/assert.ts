/** Programmer errors only: the message starts with "internal:" and nothing catches it. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message.startsWith('internal:') ? message : `internal: ${message}`)
}

/** For a `Map.get` or an index that the surrounding code has made sure of. */
export function present<T>(value: T | undefined | null, what: string): T {
  assert(value !== undefined && value !== null, `internal: ${what} is missing`)
  return value
}
