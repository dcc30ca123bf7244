import { setTimeout as sleep } from 'node:timers/promises'
import type { Registry } from '../registry/index.ts'
import type { ModelPool } from '../serving/index.ts'

const lookMs = 2000

/**
 * Keeps tasks as they are set and the loaded models those that are live, whoever sets and promotes them: on a server another
 * process may. The function returned ends that.
 */
export function followOthers(options: {
  registry: Registry
  pool: ModelPool
  load(task: string): Promise<void>
  /** Reads the tasks that were set by API. */
  refreshTasks(): Promise<void>
  onError: (error: Error) => void
}): () => Promise<void> {
  const ending = new AbortController()
  const ended = lookOn(options, ending.signal)
  return async () => {
    ending.abort()
    await ended
  }
}

async function lookOn(
  { registry, pool, load, refreshTasks, onError }: Parameters<typeof followOthers>[0],
  ending: AbortSignal,
): Promise<void> {
  while (!ending.aborted) {
    // What follows others keeps no process alive.
    await sleep(lookMs, undefined, { signal: ending, ref: false }).catch(() => {})
    const loaded = pool.listLoaded()
    if (ending.aborted) continue
    try {
      await refreshTasks()
      const live = await registry.listLive()
      for (const { task, model } of loaded) if (live.has(task) && live.get(task) !== model.id) await load(task)
    } catch (error) {
      onError(error as Error)
    }
  }
}
