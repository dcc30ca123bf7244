/** How far two values are apart: not at all or fully, by ranks between them, or by their difference. */
export type MeasurementLevel = 'nominal' | 'ordinal' | 'interval'

export type AnnotatorAgreement = {
  /** 1 is perfect agreement, 0 that of chance, below 0 systematic disagreement; null where nothing can be compared or all values are the same. */
  alpha: number | null
  /** Units with two values or more, and all the values in them. */
  units: number
  values: number
}

/**
 * Krippendorff's alpha (2011, "Computing Krippendorff's Alpha-Reliability") of what several annotators say of several
 * units. Each unit lists the values it got, null where an annotator gave none; words are nominal only.
 */
export function krippendorffAlpha(
  units: readonly (readonly (string | number | null)[])[],
  level: MeasurementLevel,
): AnnotatorAgreement {
  const pairable = units.map((unit) => unit.filter((value) => value !== null)).filter((unit) => unit.length > 1)
  const found = [...new Set(pairable.flat())]
  const ordered = level === 'nominal' ? found : found.sort((a, b) => Number(a) - Number(b))
  const indexOf = new Map(ordered.map((value, index) => [value, index]))
  const size = ordered.length
  // Each pair of values within a unit counts once in both directions, weighted so that each value counts once in all.
  const coincidences = Array.from({ length: size }, () => new Float64Array(size))
  for (const unit of pairable) {
    const indexes = unit.map((value) => indexOf.get(value) as number)
    indexes.forEach((a, i) => {
      const row = coincidences[a] as Float64Array
      indexes.forEach((b, j) => {
        if (i !== j) row[b] = (row[b] as number) + 1 / (unit.length - 1)
      })
    })
  }
  const totals = coincidences.map((row) => row.reduce((sum, count) => sum + count, 0))
  const values = pairable.reduce((sum, unit) => sum + unit.length, 0)
  let [observed, expected] = [0, 0]
  for (let a = 0; a < size; a++) {
    for (let b = a + 1; b < size; b++) {
      const distance = measureDistance(level, ordered, totals, a, b)
      observed += (coincidences[a]?.[b] as number) * distance
      expected += ((totals[a] as number) * (totals[b] as number) * distance) / (values - 1)
    }
  }
  return { alpha: expected > 0 ? 1 - observed / expected : null, units: pairable.length, values }
}

function measureDistance(
  level: MeasurementLevel,
  ordered: readonly (string | number)[],
  totals: readonly number[],
  a: number,
  b: number,
): number {
  if (level === 'nominal') return 1
  if (level === 'interval') return (Number(ordered[a]) - Number(ordered[b])) ** 2
  const between = totals.slice(a, b + 1).reduce((sum, count) => sum + count, 0)
  return (between - ((totals[a] as number) + (totals[b] as number)) / 2) ** 2
}
