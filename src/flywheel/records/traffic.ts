/** Windows of a version's traffic, and what was said beside it. */
import { sql } from 'kysely'
import type { Answer } from '../../data/index.ts'
import type { Store } from '../../storage/index.ts'
import { labelsOfAnswer } from './same-answer.ts'

export type TrafficRow = { label: string; confidence: number | null; text: string | null; createdAt: Date }

/** The first or last `count` requests that a version answered or would have, in their order. */
export async function selectTraffic(
  { database }: Store,
  model: string,
  { count, end }: { count: number; end: 'first' | 'last' },
): Promise<TrafficRow[]> {
  const rows = await database
    .selectFrom('predictions')
    .select(['model_answer', 'confidence', 'input', 'created_at'])
    .where('model', '=', model)
    .where('model_answer', 'is not', null)
    .orderBy('id', end === 'first' ? 'asc' : 'desc')
    .limit(count)
    .execute()
  const inOrder = end === 'first' ? rows : rows.reverse()
  return inOrder.map(({ model_answer, confidence, input, created_at }) => ({
    label: labelsOfAnswer(model_answer as Answer),
    confidence,
    text: input,
    createdAt: created_at,
  }))
}

/** Counts one more look at a version's traffic; the number of looks so far. */
export async function countDriftLook({ database }: Store, model: string): Promise<number> {
  const { drift_looks: looks } = await database
    .updateTable('gates')
    .set({ drift_looks: sql`drift_looks + 1` })
    .where('model', '=', model)
    .returning('drift_looks')
    .executeTakeFirstOrThrow()
  return looks
}

/** What a shadow and the live version said where the teacher answered too. */
export async function selectShadowAnswers(
  { database }: Store,
  shadow: string,
): Promise<{ live: Answer; shadow: Answer; teacher: Answer }[]> {
  const rows = await database
    .selectFrom('predictions')
    .select(['model_answer', 'shadow_answer', 'teacher_answer'])
    .where('shadow', '=', shadow)
    .where('teacher_answer', 'is not', null)
    .where('model_answer', 'is not', null)
    .execute()
  return rows.map((row) => ({
    live: row.model_answer as Answer,
    shadow: row.shadow_answer as Answer,
    teacher: row.teacher_answer as Answer,
  }))
}

/** Representative examples of a task since a time. */
export async function countRepresentativeSince({ database }: Store, task: string, since: Date): Promise<number> {
  const { count } = await database
    .selectFrom('examples')
    .select(({ fn }) => fn.count<bigint>('text_key').distinct().as('count'))
    .where('task', '=', task)
    .where('representative', '=', true)
    .where('created_at', '>=', since)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Of a task's answered requests, how many each source answered, and what the teacher was paid. */
export async function summarizeTraffic(
  { database }: Store,
  task: string,
  since: Date | null = null,
): Promise<{ source: string; count: number; costMicro: bigint; currency: string | null }[]> {
  let query = database
    .selectFrom('predictions')
    .select(({ fn }) => [
      'source',
      'currency',
      fn.countAll<bigint>().as('count'),
      fn.sum<string>('cost_micro').as('cost'),
    ])
    .where('task', '=', task)
    .groupBy(['source', 'currency'])
    .orderBy('source')
  if (since) query = query.where('created_at', '>=', since)
  return (await query.execute()).map(({ source, count, cost, currency }) => ({
    source,
    count: Number(count),
    costMicro: BigInt(cost ?? 0),
    currency,
  }))
}

/** The latest requests whose text is kept, that neither teacher nor people have answered or are asked. */
export async function selectUnlabelled({ database }: Store, task: string, limit: number) {
  const rows = await database
    .selectFrom('predictions')
    .select(['id', 'input', 'input_pair', 'confidence'])
    .where('task', '=', task)
    .where('input', 'is not', null)
    .where('teacher_answer', 'is', null)
    .where('ticket', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('examples').select('examples.id').whereRef('examples.prediction', '=', 'predictions.id'))),
    )
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ id, input, input_pair: textPair, confidence }) => ({
    id,
    text: input as string,
    textPair,
    confidence,
  }))
}
