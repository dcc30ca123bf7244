import type { Clock } from '../../base/index.ts'
import { type Audits, type GateRecord, selectGate } from '../../flywheel/index.ts'
import type { Store } from '../../storage/index.ts'

/** The gates of the versions that answer, read from the store and kept for a while. */
export type Gates = {
  /** Null where the version has none: it was trained from a file, or its task has no teacher. */
  find(model: string): Promise<GateRecord | null>
  /** What this process itself has learnt of a gate since it was read. */
  update(model: string, changes: Partial<Pick<GateRecord, 'closedReason'>> & { audits?: Audits }): void
  forget(model: string): void
}

/** Another process's closing is seen this late at most. */
const staleMs = 2000

export function createGates(store: Store, clock: Clock): Gates {
  const known = new Map<string, { gate: Promise<GateRecord | null>; readMs: number }>()
  const read = (model: string) => {
    const entry = { gate: selectGate(store, model), readMs: clock.now().getTime() }
    known.set(model, entry)
    entry.gate.catch(() => known.delete(model))
    return entry.gate
  }
  return {
    find(model) {
      const entry = known.get(model)
      if (entry && clock.now().getTime() - entry.readMs < staleMs) return entry.gate
      return read(model)
    },
    update(model, changes) {
      const entry = known.get(model)
      if (entry) entry.gate = entry.gate.then((gate) => gate && { ...gate, ...changes })
    },
    forget: (model) => known.delete(model),
  }
}
