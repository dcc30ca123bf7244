import { isTrained, type Parameter } from './parameters.ts'

/**
 * An exponential moving average of the trained weights. It is brought up to date every few updates, with the decay to that
 * power, because a pass over all weights in JavaScript costs as much as a tenth of a step. Early on it decays
 * faster, by (1 + n) / (10 + n) at its n-th update, so that the start does not weigh in it for long.
 */
export type MovingAverage = {
  /** The parameters with their averages in place of their values. */
  readonly parameters: readonly Parameter[]
  /** To be called after each update, `step` counted from 1. */
  follow(step: number): void
  /** Makes the averages equal to the values. */
  reset(): void
}

const interval = 8

export function createMovingAverage(parameters: readonly Parameter[], decay: number): MovingAverage {
  const pairs = parameters.filter(isTrained).map((parameter) => {
    const data = (parameter.value.data as Float32Array).slice()
    return { parameter, data, averaged: { ...parameter, value: { ...parameter.value, data } } }
  })
  const averaged = new Map(pairs.map((pair) => [pair.parameter.name, pair.averaged]))
  return {
    parameters: parameters.map((parameter) => averaged.get(parameter.name) ?? parameter),
    follow(step) {
      if (step % interval !== 0) return
      const count = step / interval
      const share = 1 - Math.min(decay ** interval, (1 + count) / (10 + count))
      for (const { parameter, data } of pairs) {
        const value = parameter.value.data as Float32Array
        for (let i = 0; i < data.length; i++) {
          const average = data[i] as number
          data[i] = average + share * ((value[i] as number) - average)
        }
      }
    },
    reset() {
      for (const { parameter, data } of pairs) data.set(parameter.value.data as Float32Array)
    },
  }
}
