import { groupNearDuplicates } from '../../data/index.ts'
import { dot, type EmbeddingRows, unitRowsOf } from '../embedding-rows.ts'

export type UnlabelledRequests = {
  texts: readonly string[]
  /** Of the texts, one row each. */
  embeddings: EmbeddingRows
  /** Calibrated confidences of the model's answers, one each. */
  confidences: ArrayLike<number>
}

export type ChooseToLabelOptions = {
  count: number
  /** Embeddings of what has its label already. */
  labelled?: EmbeddingRows
}

export type RequestToLabel = {
  /** Index of the request. */
  index: number
  value: number
  /** 1 − confidence. */
  uncertainty: number
  /** Mean cosine similarity to all requests, 0 where it is negative: how many others the label says something about. */
  density: number
  /** 1 − the largest cosine similarity to what is labelled or was chosen before. */
  novelty: number
}

/**
 * Which requests to label next, best first: greedily the largest uncertainty × density × novelty, where each choice lowers
 * the novelty of what is like it. Density is as in information-density sampling (Settles and Craven 2008), novelty the
 * distance of greedy k-centre selection (Sener and Savarese 2018). Of near duplicates only the most uncertain stands.
 * O(n · (count + labelled) · width).
 */
export function chooseToLabel(
  { texts, embeddings, confidences }: UnlabelledRequests,
  { count, labelled }: ChooseToLabelOptions,
): RequestToLabel[] {
  const rows = unitRowsOf(embeddings)
  const densities = measureDensities(rows, embeddings.width)
  const candidates = dropDuplicates(texts, confidences).map((index) => ({
    index,
    uncertainty: 1 - (confidences[index] as number),
    density: densities[index] as number,
    novelty: 1,
  }))
  const cover = (row: Float64Array) => {
    for (const candidate of candidates) {
      const distance = Math.max(0, 1 - dot(rows[candidate.index] as Float64Array, row))
      candidate.novelty = Math.min(candidate.novelty, distance)
    }
  }
  if (labelled) unitRowsOf(labelled).forEach(cover)
  const chosen: RequestToLabel[] = []
  while (chosen.length < count && candidates.length > 0) {
    let [best, bestValue] = [0, Number.NEGATIVE_INFINITY]
    candidates.forEach(({ uncertainty, density, novelty }, i) => {
      const value = uncertainty * density * novelty
      if (value > bestValue) [best, bestValue] = [i, value]
    })
    const [taken] = candidates.splice(best, 1) as [(typeof candidates)[number]]
    chosen.push({ ...taken, value: bestValue })
    cover(rows[taken.index] as Float64Array)
  }
  return chosen
}

/** A row's mean cosine to all rows is its product with their mean: O(n) instead of O(n²). */
function measureDensities(rows: readonly Float64Array[], width: number): number[] {
  const mean = new Float64Array(width)
  for (const row of rows)
    for (let k = 0; k < width; k++) mean[k] = (mean[k] as number) + (row[k] as number) / rows.length
  return rows.map((row) => Math.max(0, dot(row, mean)))
}

/** Of each group of near duplicates the index of the text with the lowest confidence. */
function dropDuplicates(texts: readonly string[], confidences: ArrayLike<number>): number[] {
  const chosen = new Map<number, number>()
  groupNearDuplicates(texts).forEach((group, index) => {
    const known = chosen.get(group)
    if (known === undefined || (confidences[index] as number) < (confidences[known] as number)) chosen.set(group, index)
  })
  return [...chosen.values()]
}
