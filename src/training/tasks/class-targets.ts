import type { TrainingSettings } from '../settings.ts'
import type { StepShape } from '../step-graph.ts'

/**
 * The target distributions of a batch, scaled so that the sum of −target·log p over the batch is its mean loss:
 * cross-entropy with label smoothing ε (a share ε spread evenly over all classes) and class weights, the mean being
 * weighted as in PyTorch's CrossEntropyLoss.
 */
export function createClassTargets(
  classes: readonly number[],
  labelCount: number,
  { labelSmoothing, classWeights }: Pick<TrainingSettings, 'labelSmoothing' | 'classWeights'>,
): (indices: readonly number[], shape: StepShape) => { targets: Float32Array } {
  const weights =
    classWeights === 'balanced' ? balancedWeights(classes, labelCount) : new Float64Array(labelCount).fill(1)
  const weightOf = (index: number) => weights[classes[index] as number] as number
  return (indices, { rows }) => {
    const total = indices.reduce((sum, index) => sum + weightOf(index), 0)
    const targets = new Float32Array(rows * labelCount)
    indices.forEach((index, row) => {
      const share = weightOf(index) / total
      const start = row * labelCount
      targets.fill((share * labelSmoothing) / labelCount, start, start + labelCount)
      targets[start + (classes[index] as number)] = share * (1 - labelSmoothing + labelSmoothing / labelCount)
    })
    return { targets }
  }
}

/** count / (classes · count of the class): the mean weight of an example is 1. */
function balancedWeights(classes: readonly number[], labelCount: number): Float64Array {
  const counts = new Float64Array(labelCount)
  for (const label of classes) counts[label] = (counts[label] as number) + 1
  return counts.map((count) => (count === 0 ? 0 : classes.length / (labelCount * count)))
}
