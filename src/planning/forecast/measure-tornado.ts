import { present } from '../../base/index.ts'
import { createQuantile, type Distribution } from '../simulation/distribution.ts'
import type { Draws } from '../simulation/draw-inputs.ts'

/** What one input moves, all others at their medians. */
export type TornadoBar = {
  input: string
  /** Values of the input at its 10 % and 90 % quantiles. */
  low: number
  high: number
  /** Value of the chosen plan there, and of the plan that is best there. */
  fixed: { low: number; high: number }
  reoptimised: { low: number; high: number }
  /** Difference of the two fixed values. */
  width: number
}

/**
 * Two bars for each input: with the plan that is chosen today, and with the best plan for what came. `valuesAt` gives the
 * value of every plan in the worlds of its draws; wider bars first.
 */
export function measureTornado(options: {
  inputs: Readonly<Record<string, Distribution>>
  names: readonly string[]
  valuesAt: (draws: Draws, worlds: number) => readonly Float64Array[]
  chosen: number
}): TornadoBar[] {
  const { inputs, names, valuesAt, chosen } = options
  // Worlds 2i and 2i + 1 have input i at its low and high quantile.
  const worlds = 2 * names.length
  if (worlds === 0) return []
  const points = new Map(
    names.map((name, i) => {
      const quantile = createQuantile(inputs[name] as Distribution, `input ${name}`)
      const values = new Float64Array(worlds).fill(quantile(0.5))
      values[2 * i] = quantile(0.1)
      values[2 * i + 1] = quantile(0.9)
      return [name, values]
    }),
  )
  const values = valuesAt(points, worlds)
  const fixed = present(values[chosen], 'the values of the chosen plan')
  const bestAt = (world: number) => Math.max(...values.map((value) => value[world] as number))
  return names
    .map((input, i) => {
      const [low, high] = [2 * i, 2 * i + 1]
      const ends = { low: fixed[low] as number, high: fixed[high] as number }
      return {
        input,
        low: points.get(input)?.[low] as number,
        high: points.get(input)?.[high] as number,
        fixed: ends,
        reoptimised: { low: bestAt(low), high: bestAt(high) },
        width: Math.abs(ends.high - ends.low),
      }
    })
    .sort((a, b) => b.width - a.width || (a.input < b.input ? -1 : 1))
}
