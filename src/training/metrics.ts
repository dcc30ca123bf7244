/** Measures of a classifier on labelled texts. */

export type ClassMetrics = { label: string; precision: number; recall: number; f1: number; support: number }

export type EvaluationReport = {
  count: number
  accuracy: number
  /** Wilson score interval of the accuracy at 95 % confidence. */
  accuracyInterval: [number, number]
  macroF1: number
  /** Mean cross-entropy in nats. */
  loss: number
  classes: ClassMetrics[]
  /** Pairs of classes by how often the first was taken for the second, most frequent first. */
  confusions: { actual: string; predicted: string; count: number }[]
}

/** The report on `logits` [count, labels] (row-major) against the index of each text's true label. */
export function evaluateLogits(
  logits: Float32Array,
  actual: readonly number[],
  labels: readonly string[],
): EvaluationReport {
  const classCount = labels.length
  const matrix = new Uint32Array(classCount * classCount)
  let loss = 0
  actual.forEach((label, row) => {
    const scores = logits.subarray(row * classCount, (row + 1) * classCount)
    const predicted = indexOfMax(scores)
    matrix[label * classCount + predicted] = (matrix[label * classCount + predicted] as number) + 1
    loss += logSumExp(scores) - (scores[label] as number)
  })
  const count = (i: number, j: number) => matrix[i * classCount + j] as number
  const indices = labels.map((_, i) => i)
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  const classes = labels.map((label, i): ClassMetrics => {
    const support = sum(indices.map((j) => count(i, j)))
    const predicted = sum(indices.map((j) => count(j, i)))
    const precision = ratio(count(i, i), predicted)
    const recall = ratio(count(i, i), support)
    return { label, precision, recall, f1: ratio(2 * precision * recall, precision + recall), support }
  })
  const correct = sum(indices.map((i) => count(i, i)))
  const present = classes.filter(({ support }) => support > 0)
  const confusions = indices
    .flatMap((i) => indices.filter((j) => j !== i && count(i, j) > 0).map((j) => ({ i, j })))
    .map(({ i, j }) => ({ actual: labels[i] as string, predicted: labels[j] as string, count: count(i, j) }))
    .sort((a, b) => b.count - a.count || (a.actual < b.actual ? -1 : 1))
  return {
    count: actual.length,
    accuracy: ratio(correct, actual.length),
    accuracyInterval: wilsonInterval(correct, actual.length),
    macroF1: ratio(sum(present.map(({ f1 }) => f1)), present.length),
    loss: ratio(loss, actual.length),
    classes,
    confusions,
  }
}

/** Wilson (1927): the interval of a proportion that stays inside [0, 1] and holds its level for small counts. */
export function wilsonInterval(successes: number, count: number, z = 1.959963984540054): [number, number] {
  if (count === 0) return [0, 1]
  const p = successes / count
  const centre = (p + (z * z) / (2 * count)) / (1 + (z * z) / count)
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count))
  return [successes === 0 ? 0 : centre - half, successes === count ? 1 : centre + half]
}

function indexOfMax(values: Float32Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i
  return best
}

function logSumExp(values: Float32Array): number {
  const max = values[indexOfMax(values)] as number
  return max + Math.log(values.reduce((sum, value) => sum + Math.exp(value - max), 0))
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
