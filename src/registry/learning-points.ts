import type { Store } from '../storage/index.ts'

/** The score of one model that was trained on a part of the examples, to learn how much more of them would bring. */
export type LearningPoint = {
  run: string
  task: string
  /** Checksum of all that makes points comparable: examples, base and settings. */
  recipe: string
  base: string
  labels: number
  seed: number
  /** The measure of the task's kind; the interval is at 95 %. */
  score: { name: string; value: number; interval: readonly [number, number] }
  testExamples: number
  /** Weights that learnt. */
  parameters: number
}

export async function insertLearningPoint({ database }: Store, point: LearningPoint): Promise<void> {
  const { score, seed, testExamples, parameters, ...rest } = point
  await database
    .insertInto('learning_points')
    .values({
      ...rest,
      seed: BigInt(seed),
      score_name: score.name,
      score: score.value,
      score_low: score.interval[0],
      score_high: score.interval[1],
      test_examples: testExamples,
      parameters: BigInt(parameters),
    })
    // Another process has measured the same.
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Those of a task, in the order in which they were measured. */
export async function selectLearningPoints({ database }: Store, task: string): Promise<LearningPoint[]> {
  const rows = await database
    .selectFrom('learning_points')
    .selectAll()
    .where('task', '=', task)
    .orderBy('run')
    .execute()
  return rows.map((row) => ({
    run: row.run,
    task: row.task,
    recipe: row.recipe,
    base: row.base,
    labels: row.labels,
    seed: Number(row.seed),
    score: { name: row.score_name, value: row.score, interval: [row.score_low, row.score_high] },
    testExamples: row.test_examples,
    parameters: Number(row.parameters),
  }))
}
