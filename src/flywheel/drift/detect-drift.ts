import { InvalidInputError } from '../../base/index.ts'
import { countRows, type EmbeddingRows } from '../embedding-rows.ts'
import { adjustByHolm, factorOfLook } from './adjust-p-values.ts'
import { binByQuantiles } from './bin-by-quantiles.ts'
import { classifyWindows } from './classify-windows.ts'
import { compareCounts } from './compare-counts.ts'
import { compareEmbeddings } from './compare-embeddings.ts'

/** What is kept of some requests; what is missing in one of the windows is not tested. */
export type TrafficWindow = {
  /** Answers: those of the model, which come at once, or of the teacher. */
  labels?: readonly string[]
  /** Calibrated confidences of the answers. */
  confidences?: ArrayLike<number>
  embeddings?: EmbeddingRows
}

export type DriftTest = 'label-shift' | 'confidence-psi' | 'embedding-mmd' | 'classifier'

export type DriftStatistic = {
  test: DriftTest
  /** G of the labels, PSI of the confidences, MMD² of the embeddings, accuracy of the classifier. */
  statistic: number
  p: number
  /** After Holm over the tests and the share of this look. */
  corrected: number
  drifted: boolean
}

export type DriftReport = { look: number; level: number; drifted: boolean; statistics: DriftStatistic[] }

export type DetectDriftOptions = {
  reference: TrafficWindow
  recent: TrafficWindow
  /** How often this reference has been compared with anything, this time included: from 1. */
  look: number
  /** The chance of any false alarm against this reference, over all looks and tests. */
  level?: number
  seed?: number
}

/** How many bins confidences are sorted into. */
const confidenceBins = 10

/**
 * Whether recent requests differ from the reference: in labels, confidences and embeddings. Every p-value is exact or
 * careful, corrected for the several tests by Holm and for repeated looks by spending `level` over them.
 */
export function detectDrift({ reference, recent, look, level = 0.05, seed = 0 }: DetectDriftOptions): DriftReport {
  checkWindows(reference, recent)
  const factor = factorOfLook(look)
  // A p-value matters only if it can get under the level of the strictest comparison, of four tests at most.
  const options = { pMin: level / factor / 4, seed: seed + look }
  const found: Omit<DriftStatistic, 'corrected' | 'drifted'>[] = []
  if (reference.labels?.length && recent.labels?.length) {
    const { codes, width } = numberLabels(reference.labels, recent.labels)
    found.push({ test: 'label-shift', ...compareCounts(codes[0], codes[1], { ...options, width, by: 'g' }) })
  }
  if (reference.confidences?.length && recent.confidences?.length) {
    const [first, second] = binByQuantiles(reference.confidences, recent.confidences, confidenceBins)
    const comparison = compareCounts(first, second, { ...options, width: confidenceBins, by: 'psi' })
    found.push({ test: 'confidence-psi', ...comparison })
  }
  if (reference.embeddings?.values.length && recent.embeddings?.values.length) {
    const { mmd, p } = compareEmbeddings(reference.embeddings, recent.embeddings, options)
    found.push({ test: 'embedding-mmd', statistic: mmd, p })
    const classifier = classifyWindows(reference.embeddings, recent.embeddings, options.seed)
    found.push({ test: 'classifier', statistic: classifier.accuracy, p: classifier.p })
  }
  const adjusted = adjustByHolm(found.map(({ p }) => p))
  const statistics = found.map((statistic, i) => {
    const corrected = Math.min(1, (adjusted[i] as number) * factor)
    return { ...statistic, corrected, drifted: corrected <= level }
  })
  return { look, level, drifted: statistics.some(({ drifted }) => drifted), statistics }
}

function numberLabels(reference: readonly string[], recent: readonly string[]) {
  const numbers = new Map<string, number>()
  const codes = [reference, recent].map((labels) =>
    labels.map((label) => {
      const number = numbers.get(label) ?? numbers.size
      numbers.set(label, number)
      return number
    }),
  ) as [number[], number[]]
  return { codes, width: numbers.size }
}

function checkWindows(reference: TrafficWindow, recent: TrafficWindow): void {
  const problems: string[] = []
  const [a, b] = [reference.embeddings, recent.embeddings]
  if (a && b && a.width !== b.width) problems.push(`embeddings of ${a.width} and of ${b.width} numbers`)
  for (const [name, window] of Object.entries({ reference, recent })) {
    if (window.embeddings && countRows(window.embeddings) < 4) problems.push(`under 4 ${name} embeddings`)
    if (Array.from(window.confidences ?? []).some(Number.isNaN))
      problems.push(`${name} confidences that are no numbers`)
  }
  if (problems.length === 0) return
  throw new InvalidInputError('drift.bad-windows', `These windows cannot be compared: ${problems.join(', ')}`, {
    hint: 'Take both windows from one model, and wait for more requests where there are too few.',
  })
}
