import { InvalidInputError } from '../base/index.ts'

/** The columns of a data file that hold the text and its label. */
export type ColumnChoice = { text: string; label: string }

/** Names, in lower case, by which a column is found when none is given. */
const guessedNames: Record<keyof ColumnChoice, readonly string[]> = {
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
  ],
  label: ['label', 'category', 'intent', 'class', 'target', 'topic', 'tag', 'sentiment'],
}

/**
 * The given columns where they exist, else the only one whose name is in `guessedNames` whatever its case. Throws
 * `data.missing-column` or `data.ambiguous-column`, which list the columns the file has.
 */
export function chooseColumns(path: string, columns: string[], given: Partial<ColumnChoice>): ColumnChoice {
  const text = chooseColumn(path, columns, 'text', given)
  const label = chooseColumn(path, columns, 'label', given)
  if (text !== label) return { text, label }
  throw new InvalidInputError('data.ambiguous-column', `${path}: column "${text}" is asked for both text and label`, {
    hint: `name two different columns of: ${columns.join(', ')}`,
    details: { path, columns },
  })
}

function chooseColumn(path: string, columns: string[], role: keyof ColumnChoice, given: Partial<ColumnChoice>): string {
  const name = given[role]
  const listed = `the file has: ${columns.join(', ')}`
  const details = { path, columns }
  if (name !== undefined) {
    if (columns.includes(name)) return name
    const closest = findClosest(name, columns)
    throw new InvalidInputError('data.missing-column', `${path} has no column "${name}"; ${listed}`, {
      hint: closest === undefined ? `--${role}-column takes one of these names` : `did you mean "${closest}"?`,
      details,
    })
  }
  const candidates = columns.filter((column) => guessedNames[role].includes(column.toLowerCase()))
  if (candidates.length === 1) return candidates[0] as string
  const found = candidates.length > 1
  throw new InvalidInputError(
    found ? 'data.ambiguous-column' : 'data.missing-column',
    found
      ? `${path}: the ${role} may be in each of: ${candidates.join(', ')}`
      : `${path} has no column that is known to hold the ${role}; ${listed}`,
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
