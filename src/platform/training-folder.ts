/** Where a run works until it has ended: its request, its checkpoint and the best model so far. A killed run leaves it behind. */
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError } from '../base/index.ts'
import { writeWhole } from '../storage/index.ts'
import type { TrainTaskRequest } from './train-task.ts'

/** The part of a request that can be written down. */
export type StoredRequest = Omit<TrainTaskRequest, 'onEvent' | 'signal'>

/** What must be the same when the run goes on. */
export type TrainingRecord = { request: StoredRequest; datasetFingerprint: string }

export type TrainingFolder = {
  readonly model: string
  readonly checkpoint: string
  write(record: TrainingRecord): Promise<void>
  read(): Promise<TrainingRecord>
  remove(): Promise<void>
}

export function openTrainingFolder(storeFolder: string, run: string): TrainingFolder {
  const folder = join(storeFolder, 'training', run)
  const path = join(folder, 'request.json')
  return {
    model: join(folder, 'model'),
    checkpoint: folder,
    async write(record) {
      await writeWhole(path, [new TextEncoder().encode(JSON.stringify(record, null, 2))])
    },
    async read() {
      if (existsSync(path)) return JSON.parse(await readFile(path, 'utf8')) as TrainingRecord
      throw new InvalidInputError('platform.cannot-resume', `Run ${run} left nothing behind to go on from`, {
        hint: 'capstan runs shows how it ended. Train anew: capstan train <data> --task <task>',
      })
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Runs that left a folder behind. */
export async function listTrainingFolders(storeFolder: string): Promise<string[]> {
  const folder = join(storeFolder, 'training')
  return existsSync(folder) ? (await readdir(folder)).sort() : []
}
