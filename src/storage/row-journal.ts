import { appendFileSync, closeSync, existsSync, ftruncateSync, openSync, readFileSync, truncateSync } from 'node:fs'
import { CapstanError } from '../base/index.ts'
import { insertRowSets, type RowSet, type Statement } from './row-sets.ts'

/** Sets of rows in one statement. */
const groupMax = 256

/**
 * Rows that are safe from the end of this process as soon as `append` returns, in a file, and that `flush` puts into their
 * tables: see docs/decisions/051-row-journal.md.
 */
export type RowJournal = {
  /** Throws `storage.journal-failed` where the file cannot be written; nothing is kept then. */
  append(rows: RowSet): void
  /**
   * Inserts what waits, in order, and empties the file. Rows that a table refuses go to a file beside it, with a warning; with any
   * other error all that is not inserted waits on.
   */
  flush(insert: (statement: Statement) => Promise<unknown>): Promise<void>
  close(): void
}

/** Takes up what an earlier process left in the file. Throws `storage.journal-damaged` where that cannot be read. */
export function openRowJournal(file: string): RowJournal {
  const left = readLeft(file)
  let waiting = left.rows
  let sizeBytes = left.sizeBytes
  let descriptor: number | null = null
  const open = () => {
    descriptor ??= openSync(file, 'a', 0o600)
    return descriptor
  }
  return {
    append(rows) {
      const line = Buffer.from(`${JSON.stringify(rows)}\n`)
      try {
        appendFileSync(open(), line)
      } catch (cause) {
        // Half a line would spoil the next one.
        if (descriptor !== null) ftruncateSync(descriptor, sizeBytes)
        throw new CapstanError('storage.journal-failed', `${file} cannot be written`, {
          hint: 'See that the disk has room and that the file may be written.',
          cause,
        })
      }
      sizeBytes += line.byteLength
      waiting.push(rows)
    },
    async flush(insert) {
      if (waiting.length === 0) return
      while (waiting.length > 0) {
        const group = waiting.slice(0, groupMax)
        await insertGroup(group, insert, `${file}.refused`)
        waiting = waiting.slice(group.length)
      }
      ftruncateSync(open())
      sizeBytes = 0
    },
    close() {
      if (descriptor !== null) closeSync(descriptor)
      descriptor = null
    },
  }
}

/** The last line may be half written: it was never acknowledged, and is cut off. */
function readLeft(file: string): { rows: RowSet[]; sizeBytes: number } {
  if (!existsSync(file)) return { rows: [], sizeBytes: 0 }
  const content = readFileSync(file)
  const sizeBytes = content.lastIndexOf('\n') + 1
  if (sizeBytes < content.byteLength) truncateSync(file, sizeBytes)
  const lines = content.toString('utf8', 0, sizeBytes).split('\n').slice(0, -1)
  return { rows: lines.map((line, i) => readLine(line, `${file}:${i + 1}`)), sizeBytes }
}

function readLine(line: string, place: string): RowSet {
  try {
    return JSON.parse(line) as RowSet
  } catch (cause) {
    throw new CapstanError('storage.journal-damaged', `${place} is no row of the journal`, {
      hint: 'The file was changed or the disk is damaged. Correct or remove that line, or move the file away: what it holds is then not in the database.',
      cause,
    })
  }
}

async function insertGroup(
  group: readonly RowSet[],
  insert: (statement: Statement) => Promise<unknown>,
  refusedFile: string,
): Promise<void> {
  try {
    await insert(insertRowSets(group))
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (group.length > 1) {
      for (const set of group) await insertGroup([set], insert, refusedFile)
      return
    }
    appendFileSync(refusedFile, `${JSON.stringify(group[0])}\n`, { mode: 0o600 })
    process.emitWarning(`The database refuses rows that were accepted (${error.message}): they are in ${refusedFile}`, {
      type: 'CapstanWarning',
      code: 'storage.rows-refused',
    })
  }
}

/** By the class of its SQLSTATE: data, integrity, or a table that is not as it was. Trying again would change nothing. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^(22|23|42)\w{3}$/.test(String(error.code))
}
