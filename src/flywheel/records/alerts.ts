import { createId } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'

/** Something about a task that people should know of. */
export type Alert = {
  id: string
  task: string
  kind: 'gate-closed' | 'drift' | 'retraining-failed' | 'candidate-refused'
  message: string
  details: Record<string, unknown>
  createdAt: Date
}

export async function raiseAlert({ database }: Store, alert: Omit<Alert, 'id'>): Promise<Alert> {
  const id = createId('alert', alert.createdAt)
  const { createdAt, details, ...same } = alert
  await database
    .insertInto('alerts')
    .values({ id, ...same, details: JSON.stringify(details), created_at: createdAt })
    .execute()
  return { id, ...alert }
}

/** The newest first. */
export async function selectAlerts({ database }: Store, { task, limit = 50 }: { task?: string; limit?: number } = {}) {
  let query = database.selectFrom('alerts').selectAll().orderBy('id', 'desc').limit(limit)
  if (task !== undefined) query = query.where('task', '=', task)
  const rows = await query.execute()
  return rows.map(
    ({ created_at: createdAt, kind, ...same }): Alert => ({ ...same, kind: kind as Alert['kind'], createdAt }),
  )
}
