import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { CapstanError, InvalidInputError, NotFoundError } from '../base/index.ts'
import type { RowProblem } from './row.ts'

export type RowSource = {
  path: string
  /** Offset of the first byte to read. */
  start: number
  /** Bytes read at a time. */
  chunkBytes: number
  onProblem: (problem: RowProblem) => void
}

/**
 * Offset of the first byte after a UTF-8 byte order mark, if the file has one. Throws `data.file-not-found`,
 * `data.not-a-file`, `data.unreadable` and, for UTF-16, `data.bad-encoding`.
 */
export async function findDataStart(path: string): Promise<number> {
  const head = Buffer.alloc(3)
  try {
    if ((await stat(path)).isDirectory()) {
      throw new InvalidInputError('data.not-a-file', `${path} is a folder`, { hint: 'name one data file' })
    }
    const file = await open(path)
    await file.read(head, 0, 3, 0).finally(() => file.close())
  } catch (error) {
    throw describeFileError(path, error)
  }
  const mark = head.toString('latin1')
  if (mark.startsWith('\xff\xfe') || mark.startsWith('\xfe\xff')) {
    throw new InvalidInputError('data.bad-encoding', `${path} is UTF-16 text`, { hint: 'save it as UTF-8' })
  }
  return mark === '\xef\xbb\xbf' ? 3 : 0
}

/** The bytes of a file from an offset on, in chunks. Throws `data.unreadable`. */
export async function* readBytes({ path, start, chunkBytes }: RowSource): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { start, highWaterMark: chunkBytes })) yield chunk as Buffer
  } catch (error) {
    throw describeFileError(path, error)
  }
}

function describeFileError(path: string, error: unknown): unknown {
  if (error instanceof CapstanError || !(error instanceof Error && 'code' in error)) return error
  const details = { path, reason: error.code }
  if (error.code === 'ENOENT') {
    return new NotFoundError('data.file-not-found', `${path} does not exist`, {
      hint: 'check the path; it is relative to the current folder',
      details,
      cause: error,
    })
  }
  return new InvalidInputError('data.unreadable', `${path} cannot be read: ${error.message}`, {
    hint: 'check the permissions of the file and its folder',
    details,
    cause: error,
  })
}
