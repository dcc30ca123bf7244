import { existsSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { ConflictError } from '../../base/index.ts'
import type { BatchCounts, BatchHeader } from '../../contracts/index.ts'
import { openTableWriter, type TableColumns, type TableFormat, type TableRow } from '../../data/index.ts'
import { addCounts, emptyCounts } from './batch-counts.ts'
import { appendCheckpoint, damaged, readProgress, startProgress } from './progress-file.ts'

export type DraftOptions = TableColumns & {
  /** The file that appears at the end. */
  output: string
  format: TableFormat
  metadata: Readonly<Record<string, string>>
  header: BatchHeader
  /** Go on with what is there; where nothing is, begin. */
  resume: boolean
}

/** The output of a batch while it grows. */
export type Draft = {
  /** Rows that it had when it was opened, and what they counted. */
  readonly rowsBefore: number
  readonly countsBefore: BatchCounts
  /** Appends a block; once this resolves, the batch can go on from here. */
  write(rows: readonly TableRow[], counts: BatchCounts): Promise<void>
  finish(): Promise<void>
  /** Leaves all as it is, to go on later. */
  close(): Promise<void>
}

/** Where a batch keeps its unfinished output, and how far it came. */
export function draftPaths(output: string) {
  return { draft: `${output}.partial`, progress: `${output}.progress.jsonl` }
}

/** Throws ConflictError `platform.output-exists` and, unless told to resume, `batch.unfinished`: nothing is overwritten. */
export function refuseExisting(output: string, resume: boolean): void {
  if (existsSync(output)) {
    throw new ConflictError('platform.output-exists', `${output} is there already, and predict replaces nothing`, {
      hint: 'Name a file that does not exist, or remove that one.',
    })
  }
  const left = Object.values(draftPaths(output)).filter((path) => existsSync(path))
  if (left.length === 0 || resume) return
  throw new ConflictError('batch.unfinished', `A batch into ${output} has not finished: ${left.join(' and ')}`, {
    hint: 'Go on with --resume, or remove what is left of it to begin anew.',
    details: { output, left },
  })
}

/** Throws ConflictError `batch.changed` where what is there is of another batch, and `batch.damaged`. */
export async function openDraft({ output, header, resume, ...table }: DraftOptions): Promise<Draft> {
  const paths = draftPaths(output)
  const checkpoints = resume && existsSync(paths.progress) ? await readCheckpoints(paths, header) : []
  const last = checkpoints.at(-1)
  if (!last) {
    await rm(paths.draft, { force: true })
    await startProgress(paths.progress, header)
  }
  const writer = await openTableWriter({
    ...table,
    draft: paths.draft,
    resume: last && { offset: last.offset, states: checkpoints.map(({ state }) => state) },
  })
  let rowsDone = last?.rows ?? 0
  return {
    rowsBefore: rowsDone,
    countsBefore: checkpoints.reduce((sum, { counts }) => addCounts(sum, counts), emptyCounts()),
    async write(rows, counts) {
      const block = await writer.write(rows)
      rowsDone += rows.length
      await appendCheckpoint(paths.progress, { rows: rowsDone, counts, ...block })
    },
    async finish() {
      await writer.finish(output)
      await rm(paths.progress)
    },
    close: () => writer.close(),
  }
}

async function readCheckpoints({ draft, progress }: ReturnType<typeof draftPaths>, header: BatchHeader) {
  const before = await readProgress(progress)
  const differences = compareHeaders(before.header, header)
  if (differences.length > 0) {
    throw new ConflictError('batch.changed', `${draft} is of another batch: ${differences.join('; ')}`, {
      hint: 'Ask for what was asked then, or remove what is left of that batch to begin anew.',
      details: { draft, differences },
    })
  }
  const last = before.checkpoints.at(-1)
  const sizeBytes = existsSync(draft) ? (await stat(draft)).size : 0
  if (last && sizeBytes < last.offset) {
    throw damaged(progress, `${draft} has ${sizeBytes} bytes, and ${last.offset} were written`)
  }
  return before.checkpoints
}

function compareHeaders(before: BatchHeader, now: BatchHeader): string[] {
  const names = new Set([...Object.keys(before.settings), ...Object.keys(now.settings)])
  const show = (value: unknown) => (value === undefined || value === null ? 'not given' : String(value))
  return [
    ...(before.input.sha256 === now.input.sha256 ? [] : ['the input file has changed']),
    ...(before.model === now.model ? [] : [`model ${before.model} then, ${now.model} now`]),
    ...[...names]
      .filter((name) => before.settings[name] !== now.settings[name])
      .map((name) => `${name} ${show(before.settings[name])} then, ${show(now.settings[name])} now`),
  ]
}
