/** Lets one user through at a time, in the order in which they came. */
export type Turnstile = {
  /** Resolves when it is the caller's turn; the caller then has to `leave`. */
  enter(): Promise<void>
  leave(): void
  /** Enters, runs, leaves, also when `work` throws. */
  run<T>(work: () => Promise<T>): Promise<T>
}

/** A turnstile that nobody holds. */
export function createTurnstile(): Turnstile {
  const waiting: (() => void)[] = []
  let taken = false
  const enter = async (): Promise<void> => {
    if (taken) await new Promise<void>((resolve) => waiting.push(resolve))
    taken = true
  }
  const leave = (): void => {
    const next = waiting.shift()
    if (next) next()
    else taken = false
  }
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
  return { enter, leave, run }
}
