/** What a set of examples needs as a whole, beyond each row being readable. */
import { InvalidInputError } from '../base/index.ts'
import type { TaskKind } from '../contracts/index.ts'
import { countLabels, type Example } from './example.ts'
import type { RowProblem } from './row.ts'

/** A problem of the whole file, which no skipping of rows helps. */
export type FileProblem = { kind: 'no-rows' | 'single-class' | 'too-many-grades'; message: string }

/** More distinct numbers than this are no grades. */
const gradesMax = 50
/** From so many distinct numbers on, labels are more likely numbers to predict. */
const numbersAsLabelsMin = 20

/** Classes and groups of matches need two rows of each label: one to learn from, one to check. */
export function dropLabelsSeenOnce(examples: Example[], onProblem: (problem: RowProblem) => void): Example[] {
  const counts = countLabels(examples)
  return examples.filter(({ line, answer }) => {
    if (answer.kind !== 'class' || counts.get(answer.label) !== 1) return true
    const message = `the label "${answer.label}" is on this row only; it needs two`
    onProblem({ kind: 'label-seen-once', line, message })
    return false
  })
}

/** Why nothing can be learnt from these examples, or (`purpose` evaluate) nothing be measured. */
export function findFileProblem(
  examples: readonly Example[],
  problemCount: number,
  { kind, purpose }: { kind: TaskKind; purpose: 'train' | 'evaluate' },
): FileProblem | undefined {
  if (examples.length === 0) {
    return { kind: 'no-rows', message: problemCount > 0 ? 'no row is left that can be used' : 'the file has no rows' }
  }
  if (purpose === 'evaluate') return undefined
  const values = new Set(examples.flatMap(({ answer }) => (answer.kind === 'value' ? [answer.value] : [])))
  if (kind === 'ordinal' && values.size > gradesMax) {
    const message = `${values.size} different numbers are no grades (at most ${gradesMax}): this is regress`
    return { kind: 'too-many-grades', message }
  }
  const message = describeSameness([...countLabels(examples).keys()], [...values], examples)
  return message === undefined ? undefined : { kind: 'single-class', message }
}

/** What all examples share, where that leaves nothing to tell apart. */
function describeSameness(
  labels: readonly string[],
  values: readonly number[],
  examples: readonly Example[],
): string | undefined {
  const [{ answer }] = examples as [Example]
  if (answer.kind === 'match') return examples.length > 1 ? undefined : 'there is a single row that can be used'
  if (answer.kind === 'value') {
    return values.length > 1 ? undefined : `every row that can be used has the same number, ${values[0]}`
  }
  if (answer.kind !== 'class') return labels.length > 0 ? undefined : 'no row that can be used has a label'
  return labels.length > 1 ? undefined : `every row that can be used has the same label, "${labels[0]}"`
}

/** Refuses labels that look like the answers of another kind of task, where nobody has said which kind it is. */
export function refuseUnclearKind(path: string, column: string | undefined, examples: readonly Example[]): void {
  const labels = [...countLabels(examples).keys()]
  const details = { path, column, distinct: labels.length }
  if (labels.length >= numbersAsLabelsMin && labels.every((label) => Number.isFinite(Number(label)))) {
    throw unclear(`${path}: "${column}" has ${labels.length} different numbers and nothing else`, details, [
      '--kind regress predicts the number',
      ...(labels.length <= gradesMax ? ['--kind ordinal takes them for grades'] : []),
      '--kind classify takes each for a label of its own',
    ])
  }
  for (const separator of ['|', ';']) {
    const joined = labels.filter((label) => label.includes(separator))
    const parts = new Set(labels.flatMap((label) => label.split(separator).map((part) => part.trim())))
    // Lists of labels repeat their parts; one label with such a character in its name does not.
    if (joined.length === 0 || parts.size >= labels.length) continue
    throw unclear(`${path}: "${column}" has lists such as "${joined[0]}"`, { ...details, parts: parts.size }, [
      '--kind multilabel takes them apart',
      '--kind classify takes each for a label of its own',
    ])
  }
}

function unclear(message: string, details: Record<string, unknown>, choices: readonly string[]): InvalidInputError {
  return new InvalidInputError('data.unclear-kind', message, {
    hint: `say what kind of task it is: ${choices.join('; ')}`,
    details,
  })
}
