import { present } from '../../base/index.ts'
import { headWeightName } from '../../encoders/index.ts'
import type { Inference } from '../inference.ts'
import type { Parameter } from '../parameters.ts'
import type { TaskExamples } from './task.ts'

/**
 * Sets each row of the cosine head to its class's mean embedding, L2-normalised: the nearest-centroid classifier, which
 * is where training starts from.
 */
export async function startFromCentroids({
  inference,
  parameters,
  train,
  classes,
}: {
  inference: Inference
  parameters: readonly Parameter[]
  train: TaskExamples
  /** Of each example. */
  classes: readonly number[]
}): Promise<void> {
  const weight = present(parameters.find(({ name }) => name === headWeightName)?.value, headWeightName)
  const rows = weight.data as Float32Array
  const width = weight.dims[1] as number
  const embeddings = await inference.outputs(train.texts.flat(), 'sentence_embedding')
  rows.fill(0)
  classes.forEach((label, i) => {
    const embedding = embeddings[i] as Float32Array
    for (let j = 0; j < width; j++) {
      rows[label * width + j] = (rows[label * width + j] as number) + (embedding[j] as number)
    }
  })
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width)
    const norm = Math.hypot(...row)
    if (norm > 0) row.set(row.map((value) => value / norm))
  }
}
