import type { EpochMetrics, Run, StepMetrics } from '../contracts/index.ts'
import { deleteMetricsAfter, upsertEpochs, upsertSteps } from './queries.ts'
import type { RegistryContext } from './registry.ts'

/** What a training run measured, in the order of steps and epochs. */
export type RunSeries = { steps: StepMetrics[]; epochs: EpochMetrics[] }

/** PostgreSQL takes 65,535 parameters in a statement. */
const rowsMax = 1000

/**
 * Records the settings in effect and that the run goes on after `step`: what its series have beyond was made by a process
 * that was killed, and is made again.
 */
export async function beginSeries(
  { store }: RegistryContext,
  run: Run['id'],
  { settings, step }: { settings: Record<string, unknown>; step: number },
): Promise<void> {
  await store.database.transaction().execute(async (transaction) => {
    const effective = { effective_settings: JSON.stringify(settings) }
    await transaction.updateTable('runs').set(effective).where('id', '=', run).execute()
    await deleteMetricsAfter(transaction, run, step)
  })
}

/** Adds to the run's series, in place of what they have for the same steps and epochs. */
export async function recordSeries(
  { store }: RegistryContext,
  run: Run['id'],
  { steps, epochs }: RunSeries,
): Promise<void> {
  if (steps.length + epochs.length === 0) return
  await store.database.transaction().execute(async (transaction) => {
    for (let i = 0; i < steps.length; i += rowsMax) await upsertSteps(transaction, run, steps.slice(i, i + rowsMax))
    if (epochs.length > 0) await upsertEpochs(transaction, run, epochs)
  })
}
