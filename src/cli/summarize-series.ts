import type { StepMetrics } from '../contracts/index.ts'

/** At most `count` parts of nearly the same length, in order. */
export function divide<T>(items: readonly T[], count: number): T[][] {
  const parts = Math.min(count, items.length)
  const bound = (i: number) => Math.round((i * items.length) / parts)
  return Array.from({ length: parts }, (_, i) => items.slice(bound(i), bound(i + 1)))
}

/** Loss, learning rate, gradient norm and tokens/s over some steps, each as it is shown. */
export function describeMeans(steps: readonly StepMetrics[]): [string, string, string, string] {
  return [
    meanOf(steps, 'loss').toFixed(4),
    meanOf(steps, 'learningRate').toExponential(2),
    meanOf(steps, 'gradientNorm').toFixed(3),
    (meanOf(steps, 'tokens') / meanOf(steps, 'seconds')).toFixed(0),
  ]
}

export function meanOf(steps: readonly StepMetrics[], key: keyof StepMetrics): number {
  return steps.reduce((sum, step) => sum + step[key], 0) / steps.length
}

/** The values as bars between their least and largest. */
export function sparkline(values: readonly number[]): string {
  const bars = '▁▂▃▄▅▆▇█'
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return values.map((value) => bars[high > low ? Math.round((7 * (value - low)) / (high - low)) : 0]).join('')
}
