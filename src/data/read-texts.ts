import type { TaskKind } from '../contracts/index.ts'
import { chooseTextColumns } from './columns.ts'
import { findTextProblem, refuseRows } from './read-examples.ts'
import { readRows } from './read-rows.ts'
import type { RowProblem } from './row.ts'

export type ReadTextsOptions = {
  path: string
  kind: TaskKind
  /** By default the column whose name is a usual one: see columns.ts. */
  textColumn?: string | undefined
  /** Leave rows without a text out, instead of refusing the file. */
  skipBadRows?: boolean | undefined
}

/** A text and the line (1-based) on which it began. */
export type UnlabelledText = { line: number; text: string }

/** Reads texts of which nothing else is known; labels that stand beside them are not read. Throws what `readExamples` throws of texts. */
export async function readTexts({ path, kind, textColumn, skipBadRows }: ReadTextsOptions): Promise<UnlabelledText[]> {
  const problems: RowProblem[] = []
  const texts: UnlabelledText[] = []
  let column: string | undefined
  for await (const row of readRows(path, { onProblem: (problem) => problems.push(problem) })) {
    const names = [...Object.keys(row.fields), ...Object.keys(row.nested ?? {})]
    column ??= chooseTextColumns(path, names, { kind, given: { text: textColumn }, pairs: false }).text
    const problem = findTextProblem(row, { text: column })
    if (problem) problems.push(problem)
    else texts.push({ line: row.line, text: row.fields[column] as string })
  }
  if (problems.length > 0 && !skipBadRows) throw refuseRows(path, texts.length, problems)
  return texts
}
