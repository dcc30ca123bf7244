import { ConflictError, createId, InvalidInputError, NotFoundError } from '../base/index.ts'
import { type Choice, type Run, type RunEstimate, runEstimateSchema, toWire, type Usage } from '../contracts/index.ts'
import type { Hold, Store } from '../storage/index.ts'
import { requireTask, selectRunsByPrefix, toRun } from './queries.ts'
import type { RegistryContext } from './registry.ts'

/** A run that is about to begin; the seed is a whole number from 0. */
export type NewRun = { task: string; kind: Run['kind']; seed: number; settings: Record<string, unknown> }

/** How a run ended; a failed one says why with a stable code. */
export type RunOutcome =
  | { status: 'succeeded' | 'stopped'; usage: Usage }
  | { status: 'failed'; usage: Usage; error: { code: string; message: string } }

const idsShown = 5

/** Recorded for a run whose process died. */
const interruptedCode = 'registry.run-interrupted'

/** Records that a run has begun, in this process. */
export async function startRun({ store, clock, holds }: RegistryContext, run: NewRun): Promise<Run> {
  await requireTask(store.database, run.task)
  const now = clock.now()
  const id = createId('run', now)
  // Before it is there to be seen, so that nobody takes it for one whose process is gone.
  const hold = await tryHoldRun(store, id)
  if (hold) holds.set(id, hold)
  const row = await store.database
    .insertInto('runs')
    .values({
      id,
      task: run.task,
      kind: run.kind,
      status: 'running',
      seed: BigInt(run.seed),
      settings: JSON.stringify(run.settings),
      started_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toRun(row)
}

/** Records how a run ended and what it used; a run ends once. */
export async function finishRun(context: RegistryContext, id: string, outcome: RunOutcome): Promise<Run> {
  const { store, clock, holds } = context
  const error = outcome.status === 'failed' ? outcome.error : null
  const row = await store.database
    .updateTable('runs')
    .set({
      status: outcome.status,
      finished_at: clock.now(),
      error_code: error?.code ?? null,
      error_message: error?.message ?? null,
      ...usageColumns(outcome.usage),
    })
    .where('id', '=', id)
    // One that was taken for dead, while the server was away, has ended all the same.
    .where(({ or, eb }) => or([eb('status', '=', 'running'), eb('error_code', '=', interruptedCode)]))
    .returningAll()
    .executeTakeFirst()
  await holds.get(id)?.release()
  holds.delete(id)
  if (row) return toRun(row)
  const run = await findRun(context, id)
  throw new ConflictError('registry.run-finished', `Run ${id} has ended already (${run.status}, ${run.finishedAt}).`, {
    hint: 'Start a new run: what a run has recorded does not change.',
  })
}

/** Records what a run has used so far, so that it is known if its process is killed. */
export async function recordUsage({ store }: RegistryContext, id: string, usage: Usage): Promise<void> {
  await store.database.updateTable('runs').set(usageColumns(usage)).where('id', '=', id).execute()
}

/** Records what a run is expected to take: the first estimate counts, later ones change nothing. */
export async function recordEstimate({ store }: RegistryContext, id: string, estimate: RunEstimate): Promise<void> {
  await store.database
    .updateTable('runs')
    .set({ estimate: JSON.stringify(toWire(runEstimateSchema, estimate)) })
    .where('id', '=', id)
    .where('estimate', 'is', null)
    .execute()
}

/** Records how a run's settings were chosen. */
export async function recordChoices({ store }: RegistryContext, id: string, choices: readonly Choice[]): Promise<void> {
  const json = JSON.stringify(choices)
  await store.database.updateTable('runs').set({ choices: json }).where('id', '=', id).execute()
}

/** Marks an interrupted run as running again; throws ConflictError `registry.run-not-interrupted`. */
export async function resumeRun(context: RegistryContext, id: string): Promise<Run> {
  const { store, holds } = context
  const hold = await tryHoldRun(store, id)
  const row = hold && (await markResumed(store, id))
  if (hold && row) {
    holds.set(id, hold)
    return toRun(row)
  }
  await hold?.release()
  const { status } = await findRun(context, id)
  throw new ConflictError('registry.run-not-interrupted', `Run ${id} was not interrupted: it is ${status}`, {
    hint: 'capstan runs shows which were.',
  })
}

function markResumed({ database }: Store, id: string) {
  return database
    .updateTable('runs')
    .set({ status: 'running', finished_at: null, error_code: null, error_message: null })
    .where('id', '=', id)
    .where('error_code', '=', interruptedCode)
    .returningAll()
    .executeTakeFirst()
}

/** The run of that id; throws NotFoundError `registry.run-not-found`. */
export async function findRun({ store }: RegistryContext, id: string): Promise<Run> {
  const row = await store.database.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst()
  if (row) return toRun(row)
  throw new NotFoundError('registry.run-not-found', `There is no run "${id}".`, {
    hint: 'capstan runs lists them.',
  })
}

/**
 * The runs that are meant by ids or beginnings of ids, with or without `run_`. Throws NotFoundError
 * `registry.run-not-found` or InvalidInputError `registry.run-ambiguous`, for all references at once.
 */
export async function resolveRuns({ store }: RegistryContext, references: readonly string[]): Promise<Run[]> {
  const matches = await Promise.all(
    references.map(async (reference) => ({ reference, runs: await selectRunsByPrefix(store.database, reference) })),
  )
  const unknown = matches.filter(({ runs }) => runs.length === 0).map(({ reference }) => `"${reference}"`)
  if (unknown.length > 0) {
    throw new NotFoundError('registry.run-not-found', `There is no run ${unknown.join(', nor ')}.`, {
      hint: 'capstan runs lists them; the beginning of an id suffices.',
    })
  }
  const ambiguous = matches.filter(({ runs }) => runs.length > 1)
  if (ambiguous.length > 0) {
    const described = ambiguous.map(({ reference, runs }) => `"${reference}" (${listSome(runs.map(({ id }) => id))})`)
    throw new InvalidInputError('registry.run-ambiguous', `Several runs begin with ${described.join(', and with ')}.`, {
      hint: 'Give more of the id.',
    })
  }
  return matches.flatMap(({ runs }) => runs)
}

/** Runs of a task, or of all, the newest first. */
export async function listRuns({ store }: RegistryContext, filter: { task?: string } = {}): Promise<Run[]> {
  let query = store.database.selectFrom('runs').selectAll().orderBy('started_at', 'desc').orderBy('id', 'desc')
  if (filter.task !== undefined) query = query.where('task', '=', filter.task)
  return (await query.execute()).map(toRun)
}

/**
 * Marks runs whose process is gone as failed: those that nobody holds. Each is held for that moment, so that nobody resumes
 * it between the look and the mark.
 */
export async function failInterruptedRuns({ store, clock }: RegistryContext): Promise<void> {
  const running = await store.database.selectFrom('runs').select('id').where('status', '=', 'running').execute()
  for (const { id } of running) {
    const hold = await tryHoldRun(store, id)
    if (!hold) continue
    await store.database
      .updateTable('runs')
      .set({
        status: 'failed',
        finished_at: clock.now(),
        error_code: interruptedCode,
        error_message: 'The process ended before the run did. capstan train --resume goes on with it.',
      })
      .where('id', '=', id)
      .where('status', '=', 'running')
      .execute()
    await hold.release()
  }
}

/** A run is held by the process that works on it, from its start to its end. */
export function tryHoldRun(store: Store, id: string): Promise<Hold | null> {
  return store.tryHold(`run ${id}`)
}

function listSome(ids: readonly string[]): string {
  const [shown, rest] = [ids.slice(0, idsShown), ids.length - idsShown]
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

function usageColumns({ wallSeconds, cpuSeconds, gpuSeconds, energyJoules, memoryBytesPeak }: Usage) {
  return {
    wall_seconds: wallSeconds,
    cpu_seconds: cpuSeconds,
    gpu_seconds: gpuSeconds,
    energy_joules: energyJoules,
    memory_bytes_peak: BigInt(Math.round(memoryBytesPeak)),
  }
}
