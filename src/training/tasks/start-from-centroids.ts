import { present } from '../../base/index.ts'
import { headWeightName } from '../../encoders/index.ts'
import type { Task } from './task.ts'

/** Examples of a class that its centroid is the mean of; more move it less than the first steps do, and take a pass over the data. */
const perClassMax = 64

/**
 * A start that sets each row of the cosine head to its class's mean embedding, L2-normalised: the nearest-centroid classifier,
 * which is where training begins. `classes`: of each training example.
 */
export function startFromCentroids(classes: readonly number[]): Required<Pick<Task, 'start' | 'startExamples'>> {
  const startExamples = chooseEvenly(classes)
  return { startExamples, start: (run) => setCentroids(run, classes, startExamples) }
}

async function setCentroids(
  { inference, parameters, train }: Parameters<NonNullable<Task['start']>>[0],
  classes: readonly number[],
  chosen: readonly number[],
): Promise<void> {
  const weight = present(parameters.find(({ name }) => name === headWeightName)?.value, headWeightName)
  const rows = weight.data as Float32Array
  const width = weight.dims[1] as number
  const texts = chosen.flatMap((i) => present(train.texts[i], 'texts of an example'))
  const embeddings = await inference.outputs(texts, 'sentence_embedding')
  rows.fill(0)
  chosen.forEach((example, i) => {
    const label = classes[example] as number
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

/** Up to `perClassMax` examples of each class, from all over the data. */
function chooseEvenly(classes: readonly number[]): number[] {
  const byClass = new Map<number, number[]>()
  classes.forEach((label, i) => {
    const members = byClass.get(label)
    if (members) members.push(i)
    else byClass.set(label, [i])
  })
  return [...byClass.values()].flatMap((members) => {
    const count = Math.min(members.length, perClassMax)
    return Array.from({ length: count }, (_, i) => members[Math.floor((i * members.length) / count)] as number)
  })
}
