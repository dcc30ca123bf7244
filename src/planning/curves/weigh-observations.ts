import type { LearningObservation } from './fit-learning-curve.ts'
import { toAnchors } from './fit-learning-curve.ts'

/**
 * Weights by the variance of an error measured on `testSize` examples, error·(1 − error)/testSize. Errors of 0 and 1 are
 * shrunk by half an example, so that luck does not weigh without end.
 */
export function weighByTestError(
  observations: readonly LearningObservation[],
  testSize: number,
): LearningObservation[] {
  return observations.map((observation) => {
    const rate = (observation.error * testSize + 0.5) / (testSize + 1)
    return { ...observation, weight: testSize / (rate * (1 - rate)) }
  })
}

/** Weights j/m for the j-th of m sizes, for published curves of which only the means are known (Figueroa et al., 2012). */
export function weighByRank(observations: readonly LearningObservation[]): LearningObservation[] {
  const anchors = toAnchors(observations)
  return observations.map((observation) => {
    const rank = anchors.findIndex(({ labels }) => labels === observation.labels) + 1
    return { ...observation, weight: rank / anchors.length }
  })
}
