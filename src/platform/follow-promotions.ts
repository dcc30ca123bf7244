import { setTimeout as sleep } from 'node:timers/promises'
import type { Registry } from '../registry/index.ts'
import type { ModelPool } from '../serving/index.ts'

const lookMs = 2000

/**
 * Keeps the loaded models those that are live, whoever promotes them: on a server another process may. The function returned
 * ends that.
 */
export function followPromotions(options: {
  registry: Registry
  pool: ModelPool
  load(task: string): Promise<void>
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
  { registry, pool, load, onError }: Parameters<typeof followPromotions>[0],
  ending: AbortSignal,
): Promise<void> {
  while (!ending.aborted) {
    // What follows promotions keeps no process alive.
    await sleep(lookMs, undefined, { signal: ending, ref: false }).catch(() => {})
    const loaded = pool.listLoaded()
    if (ending.aborted || loaded.length === 0) continue
    try {
      const live = (await registry.listModelVersions()).filter(({ stage }) => stage === 'live')
      for (const { task, model } of loaded) {
        const { id = model.id } = live.find((version) => version.task === task) ?? {}
        if (id !== model.id) await load(task)
      }
    } catch (error) {
      onError(error as Error)
    }
  }
}
