/** A name that this process has for itself; it also ends with the process. */
export type Hold = { release(): Promise<void> }

/** Takes a name, or gives null where a living process has it, this one included. */
export type TryHold = (name: string) => Promise<Hold | null>

/** Names held among the users of one embedded database: its folder has one process, so memory knows them all. */
export function createLocalHolds(): TryHold {
  const held = new Set<string>()
  return async (name) => {
    if (held.has(name)) return null
    held.add(name)
    return {
      async release() {
        held.delete(name)
      },
    }
  }
}
