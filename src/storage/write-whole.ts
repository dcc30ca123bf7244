import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createId } from '../base/index.ts'

/** Checksum (lower-case hex) and size of what was written. */
export type WrittenFile = { sha256: string; sizeBytes: number }

export type WriteOptions = {
  /** Chooses the target by the content; without it the given one. */
  nameTarget?: (written: WrittenFile) => string
  /** Permission bits, 0o644 unless told. */
  mode?: number
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * Writes a file under a temporary name beside the target, syncs it and renames it, so that the target is whole or absent,
 * also after a power cut. Holds one chunk at a time.
 */
export async function writeWhole(target: string, chunks: Chunks, options: WriteOptions = {}): Promise<WrittenFile> {
  const { nameTarget = () => target, mode = 0o644 } = options
  await mkdir(dirname(target), { recursive: true })
  const temporary = `${target}.${createId('incoming')}`
  try {
    const written = await writeSynced(temporary, chunks, mode)
    const path = nameTarget(written)
    await mkdir(dirname(path), { recursive: true })
    await rename(temporary, path)
    await syncFolder(dirname(path))
    return written
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function writeSynced(path: string, chunks: Chunks, mode: number): Promise<WrittenFile> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const file = await open(path, 'wx', mode)
  try {
    for await (const chunk of chunks) {
      hash.update(chunk)
      sizeBytes += chunk.byteLength
      await file.appendFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

/** A rename is on disk only once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
