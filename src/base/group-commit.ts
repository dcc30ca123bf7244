/** Puts items of concurrent callers into common commits: while one is under way, arriving items gather for the next. */
export type GroupCommit<Item> = {
  /** Resolves once the item's commit has. */
  add(item: Item): Promise<void>
  /** Resolves once all that was added is committed. */
  drained(): Promise<void>
}

/** A failed commit fails each of its items; the next one goes on. */
export function createGroupCommit<Item>(
  commit: (items: readonly Item[]) => Promise<void>,
  sizeMax = 256,
): GroupCommit<Item> {
  let waiting: { item: Item; resolve: () => void; reject: (error: unknown) => void }[] = []
  let running: Promise<void> | null = null
  const run = async () => {
    while (waiting.length > 0) {
      const group = waiting.slice(0, sizeMax)
      waiting = waiting.slice(sizeMax)
      try {
        await commit(group.map(({ item }) => item))
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    running = null
  }
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        running ??= Promise.resolve().then(run)
      }),
    async drained() {
      await running
    },
  }
}
