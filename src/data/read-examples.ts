import { assert, InvalidInputError } from '../base/index.ts'
import type { TaskKind } from '../contracts/index.ts'
import { dropLabelsSeenOnce, type FileProblem, findFileProblem, refuseUnclearKind } from './check-examples.ts'
import { type ColumnChoice, chooseColumns, guessKind } from './columns.ts'
import type { Example } from './example.ts'
import { type AnswerOptions, answerReaders } from './read-answer.ts'
import { readRows } from './read-rows.ts'
import type { Row, RowFormat, RowProblem, RowProblemKind } from './row.ts'

/** Which file to read, where in it texts and answers stand, and how strictly. */
export type ReadExamplesOptions = {
  path: string
  /** By default the one that the columns are certain about, else classify, or an error that asks. */
  kind?: TaskKind | undefined
  /** By default the column whose name is a usual one: see columns.ts. */
  textColumn?: string | undefined
  labelColumn?: string | undefined
  /** The second text of a pair; to embed, the text that matches. */
  pairColumn?: string | undefined
  negativeColumn?: string | undefined
  /** True: every row is a pair of texts. False: none is, whatever columns there are. */
  pairs?: boolean | undefined
  /** Between the labels of a multilabel column; `|` and `;` where left out. */
  labelSeparator?: string | undefined
  /** By default what the extension says. */
  format?: RowFormat | undefined
  /** Leave rows with problems out and count them, instead of refusing the file. */
  skipBadRows?: boolean
  /** Training needs something to tell apart, and two rows of each class; evaluation does not. */
  purpose?: 'train' | 'evaluate'
}

/** The usable examples of a file, and what was left out of it. */
export type ReadExamplesResult = {
  kind: TaskKind
  examples: Example[]
  columns: ColumnChoice
  /** The rows left out, in the order of their lines; empty unless `skipBadRows`. */
  problems: RowProblem[]
  skippedByKind: Partial<Record<RowProblemKind, number>>
}

const linesShownMax = 20

/**
 * Reads labelled texts. Texts stay as they are, labels lose white space around them. Throws what `readRows` throws,
 * `data.missing-column`, `data.ambiguous-column`, `data.unclear-kind`, and one `data.bad-rows` whose `details` list every
 * problem.
 */
export async function readExamples(options: ReadExamplesOptions): Promise<ReadExamplesResult> {
  const { path, skipBadRows = false, purpose = 'train' } = options
  const problems: RowProblem[] = []
  const onProblem = (problem: RowProblem) => problems.push(problem)
  let examples: Example[] = []
  let layout: { kind: TaskKind; columns: ColumnChoice } | undefined
  for await (const row of readRows(path, { format: options.format, onProblem })) {
    layout ??= chooseLayout(row, options)
    const example = toExample(row, layout.kind, { ...layout, separator: options.labelSeparator })
    if ('text' in example) examples.push(example)
    else problems.push(example)
  }
  const kind = layout?.kind ?? options.kind ?? 'classify'
  if (purpose === 'train') {
    if (options.kind === undefined && kind === 'classify') refuseUnclearKind(path, layout?.columns.label, examples)
    examples = dropLabelsSeenOnce(examples, onProblem)
  }
  problems.sort((a, b) => a.line - b.line)
  const fileProblem = findFileProblem(examples, problems.length, { kind, purpose })
  if (fileProblem || (problems.length > 0 && !skipBadRows))
    throw refuseRows(path, examples.length, problems, fileProblem)
  assert(layout, 'internal: rows were read without choosing columns')
  return { ...layout, examples, problems, skippedByKind: countByKind(problems) }
}

/** The kind of task and the columns that a file's first row shows. */
function chooseLayout(row: Row, options: ReadExamplesOptions): { kind: TaskKind; columns: ColumnChoice } {
  const { path, pairs, textColumn, labelColumn, pairColumn, negativeColumn } = options
  const names = [...Object.keys(row.fields), ...Object.keys(row.nested ?? {})]
  const kind = options.kind ?? guessKind(row) ?? 'classify'
  const given = { text: textColumn, label: labelColumn, pair: pairColumn, negative: negativeColumn }
  return { kind, columns: chooseColumns(path, names, { kind, given, pairs }) }
}

function toExample({ line, ...row }: Row, kind: TaskKind, options: AnswerOptions): Example | RowProblem {
  const { text, pair } = options.columns
  const textProblem = findTextProblem({ line, ...row }, options.columns)
  if (textProblem) return textProblem
  const answer = answerReaders[kind]({ line, ...row }, options)
  if ('message' in answer) return { line, ...answer }
  const textPair = kind === 'embed' || pair === undefined ? {} : { textPair: row.fields[pair] as string }
  return { line, text: row.fields[text] as string, ...textPair, answer }
}

/** Why a row has no text, or no pair of texts. */
export function findTextProblem({ line, fields }: Row, { text, pair }: ColumnChoice): RowProblem | undefined {
  for (const name of pair === undefined ? [text] : [text, pair]) {
    if (!Object.hasOwn(fields, name)) return { kind: 'missing-field', line, message: `the row has no "${name}"` }
    if (fields[name]?.trim() === '') return { kind: 'empty-text', line, message: `"${name}" is empty` }
  }
  return undefined
}

/** All problems of a file in one error. */
export function refuseRows(
  path: string,
  usable: number,
  problems: RowProblem[],
  fileProblem?: FileProblem,
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
      ? 'the file needs rows with a text and what is known of it, and for training at least two different answers'
      : 'correct these rows, or leave them out with --skip-bad-rows',
    details: { path, problems, fileProblem, countByKind: countByKind(problems) },
  })
}

function countByKind(problems: RowProblem[]): Partial<Record<RowProblemKind, number>> {
  const counts: Partial<Record<RowProblemKind, number>> = {}
  for (const { kind } of problems) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
