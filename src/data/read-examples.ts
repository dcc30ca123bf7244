import { assert, InvalidInputError } from '../base/index.ts'
import { type ColumnChoice, chooseColumns } from './columns.ts'
import { answerOf, countLabels, type Example } from './example.ts'
import { readRows } from './read-rows.ts'
import type { Row, RowFormat, RowProblem, RowProblemKind } from './row.ts'

/** Which file to read, where in it text and label stand, and how strictly. */
export type ReadExamplesOptions = {
  path: string
  /** By default the column whose name is a usual one: see columns.ts. */
  textColumn?: string | undefined
  labelColumn?: string | undefined
  /** By default what the extension says. */
  format?: RowFormat | undefined
  /** Leave rows with problems out and count them, instead of refusing the file. */
  skipBadRows?: boolean
  /** Training needs two classes and two rows of each label (one to learn from, one to check); evaluation does not. */
  purpose?: 'train' | 'evaluate'
}

/** The usable examples of a file, and what was left out of it. */
export type ReadExamplesResult = {
  examples: Example[]
  columns: ColumnChoice
  /** The rows left out, in the order of their lines; empty unless `skipBadRows`. */
  problems: RowProblem[]
  skippedByKind: Partial<Record<RowProblemKind, number>>
}

/** A problem of the whole file, which no skipping of rows helps. */
type FileProblem = { kind: 'no-rows' | 'single-class'; message: string }

const linesShownMax = 20

/**
 * Reads labelled texts. Texts stay as they are, labels lose white space around them. Throws what `readRows` throws,
 * `data.missing-column`, `data.ambiguous-column`, and one `data.bad-rows` whose `details` list every problem.
 */
export async function readExamples(options: ReadExamplesOptions): Promise<ReadExamplesResult> {
  const { path, skipBadRows = false, purpose = 'train' } = options
  const problems: RowProblem[] = []
  const onProblem = (problem: RowProblem) => problems.push(problem)
  let examples: Example[] = []
  let columns: ColumnChoice | undefined
  for await (const row of readRows(path, { format: options.format, onProblem })) {
    columns ??= chooseColumns(path, Object.keys(row.fields), givenColumns(options))
    const example = toExample(row, columns)
    if ('text' in example) examples.push(example)
    else problems.push(example)
  }
  if (purpose === 'train') examples = dropLabelsSeenOnce(examples, onProblem)
  problems.sort((a, b) => a.line - b.line)
  const fileProblem = findFileProblem(examples, problems, purpose)
  if (fileProblem || (problems.length > 0 && !skipBadRows)) throw refuse(path, examples.length, problems, fileProblem)
  assert(columns, 'internal: rows were read without choosing columns')
  return { examples, columns, problems, skippedByKind: countByKind(problems) }
}

function givenColumns({ textColumn, labelColumn }: ReadExamplesOptions): Partial<ColumnChoice> {
  return {
    ...(textColumn !== undefined && { text: textColumn }),
    ...(labelColumn !== undefined && { label: labelColumn }),
  }
}

function toExample({ line, fields }: Row, columns: ColumnChoice): Example | RowProblem {
  for (const name of [columns.text, columns.label]) {
    if (!Object.hasOwn(fields, name)) return { kind: 'missing-field', line, message: `the row has no "${name}"` }
  }
  const text = fields[columns.text] as string
  const label = (fields[columns.label] as string).trim()
  if (text.trim() === '') return { kind: 'empty-text', line, message: `"${columns.text}" is empty` }
  if (label === '') return { kind: 'empty-label', line, message: `"${columns.label}" is empty` }
  return { line, text, answer: { kind: 'class', label } }
}

function dropLabelsSeenOnce(examples: Example[], onProblem: (problem: RowProblem) => void): Example[] {
  const counts = countLabels(examples)
  return examples.filter((example) => {
    const { line } = example
    const { label } = answerOf(example, 'class')
    if (counts.get(label) !== 1) return true
    onProblem({ kind: 'label-seen-once', line, message: `the label "${label}" is on this row only; it needs two` })
    return false
  })
}

function findFileProblem(
  examples: Example[],
  problems: RowProblem[],
  purpose: 'train' | 'evaluate',
): FileProblem | undefined {
  const [first] = examples
  if (!first) {
    const message = problems.length > 0 ? 'no row is left that can be used' : 'the file has no rows'
    return { kind: 'no-rows', message }
  }
  const { label } = answerOf(first, 'class')
  if (purpose === 'evaluate' || countLabels(examples).size > 1) return undefined
  return { kind: 'single-class', message: `every row that can be used has the same label, "${label}"` }
}

function refuse(
  path: string,
  usable: number,
  problems: RowProblem[],
  fileProblem: FileProblem | undefined,
): InvalidInputError {
  const rows = usable + problems.length
  const head = [
    ...(problems.length > 0 ? [`${problems.length} of ${rows} rows cannot be used`] : []),
    ...(fileProblem ? [fileProblem.message] : []),
  ]
  const shown = problems.slice(0, linesShownMax).map(({ line, message }) => `\n  line ${line}: ${message}`)
  const more = problems.length > linesShownMax ? `\n  … and ${problems.length - linesShownMax} more` : ''
  return new InvalidInputError('data.bad-rows', `${path}: ${head.join('; ')}${shown.join('')}${more}`, {
    hint: fileProblem
      ? 'the file needs rows with a text and a label, and for training at least two labels'
      : 'correct these rows, or leave them out with --skip-bad-rows',
    details: { path, problems, fileProblem, countByKind: countByKind(problems) },
  })
}

function countByKind(problems: RowProblem[]): Partial<Record<RowProblemKind, number>> {
  const counts: Partial<Record<RowProblemKind, number>> = {}
  for (const { kind } of problems) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
