/**
 * What a batch has written so far, kept beside its unfinished output: a line that says what the batch is, then one for each
 * block of rows. Lines are only appended, each after its block is on disk; one that a kill cut short never happened.
 */
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { ConflictError } from '../../base/index.ts'
import {
  type BatchCheckpoint,
  type BatchHeader,
  batchCheckpointSchema,
  batchHeaderSchema,
} from '../../contracts/index.ts'

export async function startProgress(path: string, header: BatchHeader): Promise<void> {
  await writeFile(path, `${JSON.stringify(header)}\n`)
}

export async function appendCheckpoint(path: string, checkpoint: BatchCheckpoint): Promise<void> {
  await appendFile(path, `${JSON.stringify(checkpoint)}\n`)
}

/** The whole lines of a progress file; what is cut short behind them is taken off. Throws `batch.damaged`. */
export async function readProgress(path: string): Promise<{ header: BatchHeader; checkpoints: BatchCheckpoint[] }> {
  const text = await readFile(path, 'utf8')
  const end = text.lastIndexOf('\n') + 1
  await truncate(path, Buffer.byteLength(text.slice(0, end)))
  const [first = '', ...rest] = text.slice(0, end).split('\n').slice(0, -1)
  try {
    const header = batchHeaderSchema.parse(JSON.parse(first))
    return { header, checkpoints: rest.map((line) => batchCheckpointSchema.parse(JSON.parse(line))) }
  } catch (cause) {
    throw damaged(path, 'it does not say how far the batch came', cause)
  }
}

export function damaged(path: string, reason: string, cause?: unknown): ConflictError {
  return new ConflictError('batch.damaged', `${path} cannot be used: ${reason}`, {
    hint: 'Remove it and the .partial file beside it, and begin anew without --resume.',
    details: { path },
    cause,
  })
}
