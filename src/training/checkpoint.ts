/**
 * Where a run stands, on disk: its trained weights, the optimizer's state, the moving average and the place in the plan.
 * A run that goes on from it ends with the same weights, bit for bit, as one that was never interrupted: batches, masks
 * and rates depend on seed and step alone.
 */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ConflictError, sha256 } from '../base/index.ts'
import { fingerprintExamples } from '../data/index.ts'
import { type FloatTensor, openSafetensors, writeSafetensors } from '../storage/index.ts'
import type { ChosenPrecision } from './choose-precision.ts'
import { isTrained } from './parameters.ts'
import type { Validation } from './tasks/task.ts'
import type { TrainingRun } from './training-run.ts'

/** The epoch whose model is kept. */
export type Best = { readonly epoch: number; readonly validation: Validation }

export type Progress = {
  /** The epoch under way, from 1. */
  readonly epoch: number
  /** Updates made in it. */
  readonly updates: number
  /** Updates made in all. */
  readonly step: number
  /** null before the first. */
  readonly precision: ChosenPrecision | null
  readonly best: Best
}

export type CheckpointOptions = {
  folder: string
  /** Seconds between two, apart from those at the end of each epoch; 120 where left out. */
  everySeconds?: number
}

export type Checkpoints = {
  /** Fills the run's state from the last checkpoint; null where there is none. Throws `training.other-run`. */
  restore(): Promise<Progress | null>
  /** Writes one where the last is long enough ago, or at once; tells whether it did. */
  save(progress: Progress, when: 'due' | 'now'): Promise<boolean>
  /** To be called at the end of the run. */
  remove(): Promise<void>
}

export function openCheckpoints(run: TrainingRun, { folder, everySeconds = 120 }: CheckpointOptions): Checkpoints {
  const path = join(folder, 'checkpoint.safetensors')
  const tensors = stateTensors(run)
  const identity = identify(run)
  let savedAt = performance.now()
  return {
    async restore() {
      if (!existsSync(path)) return null
      const file = await openSafetensors(path)
      try {
        if (file.metadata.run !== identity) throw otherRun(path)
        for (const [name, tensor] of tensors) await file.readInto(name, tensor)
        return JSON.parse(file.metadata.progress ?? '') as Progress
      } finally {
        await file.close()
      }
    },
    async save(progress, when) {
      if (when === 'due' && performance.now() - savedAt < everySeconds * 1000) return false
      await writeSafetensors(path, tensors, { run: identity, progress: JSON.stringify(progress) })
      savedAt = performance.now()
      return true
    },
    remove: () => rm(path, { force: true }),
  }
}

function stateTensors({ parameters, average }: TrainingRun): Map<string, FloatTensor> {
  const trained = parameters.filter(isTrained)
  const averaged = (average?.parameters ?? []).filter(isTrained)
  const tensors = [
    ...trained.map(({ name, value }) => [name, value] as const),
    ...trained.flatMap(({ name, update }) => update.slots.map((slot, i) => [`${name}#slot${i}`, slot] as const)),
    ...averaged.map(({ name, value }) => [`${name}#average`, value] as const),
  ]
  return new Map(tensors.map(([name, { dims, data }]) => [name, { dims, data: data as Float32Array }]))
}

/** What decides a run's weights: a checkpoint of another run must not be gone on from. */
function identify({ request, settings, task, parameters }: TrainingRun): string {
  const data = [request.train, request.validation].map(fingerprintExamples)
  const shapes = parameters.map(({ name, value }) => [name, value.dims])
  return sha256(JSON.stringify([settings, task.answer, task.names, data, shapes]))
}

function otherRun(path: string): ConflictError {
  return new ConflictError('training.other-run', `${path} belongs to a run with other data, settings or base model`, {
    hint: 'Resume with the data and settings that the run began with, or start anew without --resume.',
  })
}
