import { InvalidInputError } from '../base/index.ts'
import type { TaskKind } from '../contracts/index.ts'
import type { Row } from './row.ts'

/** What a column is for; to embed, the text's match is its pair. */
export type ColumnRole = 'text' | 'pair' | 'label' | 'negative'

/** The columns of a data file that hold the texts and what is known about them. */
export type ColumnChoice = { text: string; pair?: string; label?: string; negative?: string }

/** Names, in lower case, by which a column is found when none is given. */
const usualNames = {
  text: [
    'text',
    'sentence',
    'input',
    'utterance',
    'question',
    'message',
    'query',
    'content',
    'body',
    'comment',
    'review',
    'text1',
    'sentence1',
    'premise',
  ],
  pair: ['text_pair', 'text2', 'sentence2', 'hypothesis'],
  label: ['label', 'category', 'intent', 'class', 'target', 'topic', 'tag', 'sentiment'],
  negative: ['negative'],
} satisfies Record<ColumnRole, readonly string[]>

const labelNames = usualNames.label
const numberNames = [...labelNames, 'score', 'rating', 'value', 'stars', 'grade']

/** Where a kind of task has usual names of its own. */
const namesOfKind: Record<TaskKind, Partial<Record<ColumnRole, readonly string[]>>> = {
  classify: {},
  multilabel: { label: [...labelNames, 'labels', 'categories', 'intents', 'classes', 'topics', 'tags'] },
  regress: { label: numberNames },
  ordinal: { label: numberNames },
  tag: { label: ['spans', 'entities'] },
  embed: { text: [...usualNames.text, 'anchor'], pair: [...usualNames.pair, 'positive', 'answer'] },
}

/** Which columns to take: those given, and of a pair none, one where its name is usual, or one in any case. */
export type ColumnRequest = {
  kind: TaskKind
  given: Partial<Record<ColumnRole, string | undefined>>
  pairs?: boolean | undefined
}

/**
 * The given columns where they exist, else the only one whose name is usual, whatever its case. Throws
 * `data.missing-column` or `data.ambiguous-column`, which list the columns the file has.
 */
export function chooseColumns(path: string, columns: string[], request: ColumnRequest): ColumnChoice {
  const { kind, given } = request
  const search = { path, columns, kind, given }
  const choice = chooseTexts(search, request.pairs)
  if (kind === 'embed' && choice.pair !== undefined) {
    const negative = findColumn(search, 'negative')
    if (negative !== undefined) choice.negative = negative
  } else choice.label = required(search, 'label')
  return refuseTwice(path, columns, choice)
}

/** The same for texts to answer, of which nothing is known yet. */
export function chooseTextColumns(
  path: string,
  columns: string[],
  { kind, given, pairs }: ColumnRequest & { pairs: boolean },
): ColumnChoice {
  return refuseTwice(path, columns, chooseTexts({ path, columns, kind, given }, pairs))
}

function chooseTexts(search: Search, pairs: boolean | undefined): ColumnChoice {
  const text = required(search, 'text')
  const pair = choosePair(search, pairs)
  return { text, ...(pair !== undefined && { pair }) }
}

function refuseTwice(path: string, columns: string[], choice: ColumnChoice): ColumnChoice {
  const chosen = Object.entries(choice)
  for (const [role, name] of chosen) {
    const other = chosen.find(([before, same]) => same === name && before !== role)
    if (!other) continue
    throw new InvalidInputError(
      'data.ambiguous-column',
      `${path}: column "${name}" is asked for both ${role} and ${other[0]}`,
      { hint: `name two different columns of: ${columns.join(', ')}`, details: { path, columns } },
    )
  }
  return choice
}

/** The kind that a file's first row leaves no doubt about. */
export function guessKind({ fields, nested = {} }: Row): TaskKind | undefined {
  const names = new Set(Object.keys(fields).map((column) => column.toLowerCase()))
  if (names.has('anchor') && names.has('positive')) return 'embed'
  if ([...names].some((name) => labelNames.includes(name))) return undefined
  const isUsual = (kind: TaskKind, column: string) => namesOfKind[kind].label?.includes(column.toLowerCase())
  for (const [column, value] of Object.entries(nested)) {
    if (!Array.isArray(value)) continue
    if (isUsual('tag', column)) return 'tag'
    if (isUsual('multilabel', column) && value.every((label) => typeof label === 'string')) return 'multilabel'
  }
  return undefined
}

type Search = {
  path: string
  columns: string[]
  kind: TaskKind
  given: Partial<Record<ColumnRole, string | undefined>>
}

function choosePair(search: Search, pairs: boolean | undefined): string | undefined {
  const { kind, given } = search
  if (kind === 'tag' || pairs === false || (kind === 'embed' && given.label !== undefined && given.pair === undefined))
    return undefined
  return pairs === true ? required(search, 'pair') : findColumn(search, 'pair')
}

function required(search: Search, role: ColumnRole): string {
  const name = findColumn(search, role)
  if (name !== undefined) return name
  const { path, columns } = search
  throw new InvalidInputError(
    'data.missing-column',
    `${path} has no column that is known to hold the ${role}; the file has: ${columns.join(', ')}`,
    { hint: `say which with --${role}-column`, details: { path, columns } },
  )
}

function findColumn({ path, columns, kind, given }: Search, role: ColumnRole): string | undefined {
  const name = given[role]
  const details = { path, columns }
  if (name !== undefined) {
    if (columns.includes(name)) return name
    const closest = findClosest(name, columns)
    throw new InvalidInputError(
      'data.missing-column',
      `${path} has no column "${name}"; the file has: ${columns.join(', ')}`,
      {
        hint: closest === undefined ? `--${role}-column takes one of these names` : `did you mean "${closest}"?`,
        details,
      },
    )
  }
  const names: readonly string[] = namesOfKind[kind][role] ?? usualNames[role]
  const candidates = columns.filter((column) => names.includes(column.toLowerCase()))
  if (candidates.length < 2) return candidates[0]
  throw new InvalidInputError(
    'data.ambiguous-column',
    `${path}: the ${role} may be in each of: ${candidates.join(', ')}`,
    { hint: `say which with --${role}-column`, details },
  )
}

/** The name with the fewest edits, if these are at most a third of its characters. */
function findClosest(name: string, columns: string[]): string | undefined {
  const ranked = columns
    .map((column) => ({ column, edits: countEdits(name.trim().toLowerCase(), column.toLowerCase()) }))
    .filter(({ column, edits }) => edits <= Math.max(1, Math.floor(column.length / 3)))
    .sort((a, b) => a.edits - b.edits)
  return ranked[0]?.column
}

/** Levenshtein distance. */
function countEdits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const above = row
    row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, (above[j] as number) + 1, (row[j - 1] as number) + 1))
    }
  }
  return row[b.length] as number
}
