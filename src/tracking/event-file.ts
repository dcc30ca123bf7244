import { createWriteStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Clock, InvalidInputError } from '../base/index.ts'
import { encodeEvent } from './event.ts'

export type EventFileOptions = {
  /** Made if absent. TensorBoard shows each folder as a run. */
  folder: string
  clock: Clock
  /** Told once where writing fails later on, as on a full disk; the file then ends there. */
  onError(error: Error): void
}

/** A file that TensorBoard follows while it grows. */
export type EventFile = {
  readonly path: string
  /** Says that the run goes on at this step; TensorBoard forgets what earlier files of the folder have from there on. */
  startSession(step: number): void
  /** The values of some tags, such as `train/loss`, at a step. */
  writeScalars(step: number, scalars: Readonly<Record<string, number>>): void
  /** Resolves once everything is written. */
  close(): Promise<void>
}

/** Opens a new event file in the folder. Throws InvalidInputError `tracking.folder-unusable`. */
export async function openEventFile({ folder, clock, onError }: EventFileOptions): Promise<EventFile> {
  const seconds = Math.floor(clock.now().getTime() / 1000)
  const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}`)
  const stream = await openStream(folder, path)
  const closed = new Promise<void>((resolve) => stream.on('close', resolve))
  stream.on('error', onError)
  const write = (event: Uint8Array) => {
    if (!stream.destroyed) stream.write(event)
  }
  write(encodeEvent({ type: 'file-start', time: clock.now() }))
  return {
    path,
    startSession: (step) => write(encodeEvent({ type: 'session-start', time: clock.now(), step })),
    writeScalars: (step, scalars) => write(encodeEvent({ type: 'scalars', time: clock.now(), step, scalars })),
    close() {
      if (!stream.destroyed) stream.end()
      return closed
    },
  }
}

async function openStream(folder: string, path: string) {
  try {
    await mkdir(folder, { recursive: true })
    // To append, so that a run resumed within the second goes on in the same file.
    return createWriteStream(path, { fd: await open(path, 'a') })
  } catch (cause) {
    throw new InvalidInputError(
      'tracking.folder-unusable',
      `No event file can be written to ${folder}: ${String(cause)}`,
      {
        hint: 'Give a folder that can be made or written to.',
        cause,
      },
    )
  }
}
