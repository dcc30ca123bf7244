import { join } from 'node:path'
import { type Clock, createId, systemClock } from '../base/index.ts'
import { openEventFile } from '../tracking/index.ts'
import type { FinetuneEvent } from './finetune.ts'
import { epochScalars, stepScalars, toEpochMetrics } from './run-metrics.ts'

export type TensorboardOptions = {
  /** What TensorBoard is started with: each run has a sub-folder. */
  folder: string
  /** Names the sub-folder; a new id where left out. */
  run?: string | undefined
  clock?: Clock | undefined
  onError(error: Error): void
}

/** Writes a run's series for TensorBoard while the run goes on. Throws InvalidInputError `tracking.folder-unusable`. */
export async function followInTensorboard({ folder, run, clock = systemClock, onError }: TensorboardOptions): Promise<{
  follow(event: FinetuneEvent): void
  close(): Promise<void>
}> {
  const runFolder = join(folder, run ?? createId('run', clock.now()))
  const file = await openEventFile({ folder: runFolder, clock, onError })
  return {
    follow(event) {
      if (event.type === 'train-start') file.startSession(event.resumedAt + 1)
      else if (event.type === 'step-end') file.writeScalars(event.step, stepScalars(event))
      else if (event.type === 'epoch-end') {
        const scalars = epochScalars(toEpochMetrics(event))
        if (Object.keys(scalars).length > 0) file.writeScalars(event.step, scalars)
      }
    },
    close: file.close,
  }
}
