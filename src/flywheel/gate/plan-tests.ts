/** A test of the sequence: the `count` highest scores are accepted; `weight` is the share of 1 − confidence it adds. */
export type PlannedTest = { count: number; weight: number }

/** Neighbouring tests differ by this share of the examples: finer ones give more chances to fail by luck, coarser ones cost coverage. */
const stepShare = 0.02

/** Where a sequence starts, as a share of the examples, with its share of 1 − confidence. Measured: docs/decisions/040-gate.md. */
const usualStarts: readonly (readonly [share: number, weight: number])[] = [
  [0.15, 1 / 2],
  [0.4, 1 / 2],
]

/**
 * The numbers of accepted examples to test, rising, and where each sequence starts. It depends on nothing but the number of
 * examples and on `expectedCoverage`, which must come from other data (the last gate, the validation split): most is then
 * staked on half of it, where few errors are expected and enough examples are at hand.
 * Empty where fewer than `needed` can be accepted: one example sets the threshold.
 */
export function planTests(n: number, needed: number, expectedCoverage?: number): PlannedTest[] {
  const step = Math.max(1, Math.round(stepShare * n))
  const counts: number[] = []
  for (let count = needed; count < n - 1; count += step) counts.push(count)
  if (needed <= n - 1) counts.push(n - 1)
  const tests = counts.map((count) => ({ count, weight: 0 }))
  const starts = expectedCoverage === undefined ? usualStarts : startsAbout(expectedCoverage)
  for (const [share, weight] of starts) {
    const start = tests.find(({ count }) => count >= share * n) ?? tests.at(-1)
    if (start) start.weight += weight
  }
  return tests
}

function startsAbout(coverage: number): [number, number][] {
  return [
    [coverage / 2, 0.6],
    [0.08, 0.2],
    [0.25, 0.2],
  ]
}
