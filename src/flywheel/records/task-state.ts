import type { Store } from '../../storage/index.ts'

/** What retraining remembers of a task. */
export type TaskState = {
  /** Traffic before it was another: its examples calibrate no gate. */
  calibrateSince: Date | null
  /** Labelled examples, and when, at the last training. */
  trainedExamples: number
  trainedAt: Date | null
}

export async function readTaskState({ database }: Store, task: string): Promise<TaskState> {
  const row = await database.selectFrom('task_states').selectAll().where('task', '=', task).executeTakeFirst()
  return {
    calibrateSince: row?.calibrate_since ?? null,
    trainedExamples: row?.trained_examples ?? 0,
    trainedAt: row?.trained_at ?? null,
  }
}

export async function updateTaskState({ database }: Store, task: string, changes: Partial<TaskState>): Promise<void> {
  const columns = {
    ...(changes.calibrateSince === undefined ? {} : { calibrate_since: changes.calibrateSince }),
    ...(changes.trainedExamples === undefined ? {} : { trained_examples: changes.trainedExamples }),
    ...(changes.trainedAt === undefined ? {} : { trained_at: changes.trainedAt }),
  }
  const first = { calibrate_since: null, trained_at: null, ...columns }
  await database
    .insertInto('task_states')
    .values({ task, ...first })
    .onConflict((conflict) => conflict.column('task').doUpdateSet(columns))
    .execute()
}
