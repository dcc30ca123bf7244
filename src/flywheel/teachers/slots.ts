/** At most `slots` at work and `waitingMax` waiting, first come first served. */
export type Slots = {
  /** Resolves with the function that frees the slot; undefined at once where the queue is full; rejects with the signal's reason. */
  enter(signal?: AbortSignal): Promise<(() => void) | undefined>
  readonly working: number
  readonly waiting: number
}

export function createSlots(slots: number, waitingMax: number): Slots {
  const waiting = new Set<() => void>()
  let working = 0
  const leave = (): void => {
    const [next] = waiting
    // The slot goes to the next one without ever being free.
    if (next) next()
    else working--
  }
  return {
    async enter(signal) {
      signal?.throwIfAborted()
      if (working < slots) working++
      else if (waiting.size >= waitingMax) return undefined
      else await waitForTurn(waiting, signal)
      return leave
    },
    get working() {
      return working
    },
    get waiting() {
      return waiting.size
    },
  }
}

function waitForTurn(waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const start = (): void => {
      waiting.delete(start)
      signal?.removeEventListener('abort', giveUp)
      resolve()
    }
    const giveUp = (): void => {
      waiting.delete(start)
      reject(signal?.reason)
    }
    waiting.add(start)
    signal?.addEventListener('abort', giveUp, { once: true })
  })
}
