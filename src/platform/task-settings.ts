/** What is known of each task: from `capstan.yaml`, and what was set by API, which the store keeps. */
import { type Clock, ConflictError } from '../base/index.ts'
import { type Config, type TaskConfig, taskConfigSchema } from '../contracts/index.ts'
import type { Store } from '../storage/index.ts'

export type TaskSettings = {
  of(task: string): TaskConfig | undefined
  all(): Readonly<Record<string, TaskConfig>>
  /** Throws ConflictError `platform.task-in-file` for a task of `capstan.yaml`. */
  put(task: string, settings: TaskConfig): Promise<void>
  /** Reads what other processes have set; the tasks whose settings are others now. */
  refresh(): Promise<string[]>
}

export async function openTaskSettings(
  { database }: Store,
  { tasks }: Pick<Config, 'tasks'>,
  clock: Clock,
): Promise<TaskSettings> {
  let stored = new Map<string, { settings: TaskConfig; at: number }>()
  const refresh = async () => {
    const rows = await database.selectFrom('task_settings').selectAll().execute()
    const changed = rows.filter(({ task, updated_at }) => stored.get(task)?.at !== updated_at.getTime())
    stored = new Map(
      rows.map(({ task, settings, updated_at }) => [
        task,
        { settings: taskConfigSchema.parse(settings), at: updated_at.getTime() },
      ]),
    )
    return changed.map(({ task }) => task).filter((task) => !(task in tasks))
  }
  await refresh()
  const all = () => ({
    ...Object.fromEntries([...stored].map(([task, { settings }]) => [task, settings])),
    ...tasks,
  })
  return {
    of: (task) => tasks[task] ?? stored.get(task)?.settings,
    all,
    async put(task, settings) {
      if (task in tasks) {
        throw new ConflictError('platform.task-in-file', `Task ${task} stands in capstan.yaml`, {
          hint: 'Change it there, and start the server again.',
        })
      }
      const row = { settings: JSON.stringify(settings), updated_at: clock.now() }
      await database
        .insertInto('task_settings')
        .values({ task, ...row })
        .onConflict((conflict) => conflict.column('task').doUpdateSet(row))
        .execute()
      await refresh()
    },
    refresh,
  }
}
