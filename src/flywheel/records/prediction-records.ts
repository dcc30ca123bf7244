/** Answered requests, and the examples that are made of them. */
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import { NotFoundError, sha256 } from '../../base/index.ts'
import { type Answer, normalizeText } from '../../data/index.ts'
import type { Schema, Store } from '../../storage/index.ts'

/** One answered request as it is stored; texts are what the task's retention leaves of them. */
export type PredictionRecord = {
  id: string
  task: string
  createdAt: Date
  input: string | null
  inputPair: string | null
  source: 'model' | 'teacher' | 'none'
  answer: Answer | null
  belowTarget: boolean
  reason: string | null
  model: string | null
  modelAnswer: Answer | null
  confidence: number | null
  accepted: boolean
  sampled: boolean
  teacherAnswer: Answer | null
  shadow: string | null
  shadowAnswer: Answer | null
  ticket: string | null
  costMicro: bigint
  currency: string | null
  latencyMs: number
  caller: string | null
}

/** A labelled text of a task, with where the label comes from. */
export type ExampleRecord = {
  id: string
  task: string
  text: string
  textPair: string | null
  answer: Answer
  source: 'teacher' | 'human' | 'feedback' | 'imported'
  provenance: Record<string, unknown>
  /** Labelled whatever the model thought of it: such examples are drawn as requests come, and may calibrate a gate. */
  representative: boolean
  prediction: string | null
  createdAt: Date
}

export type WrittenAnswer = { prediction: PredictionRecord; example: ExampleRecord | null }

/** Stores a prediction durably, and its example with it or not at all. */
export async function storeAnswer(store: Store, { prediction, example }: WrittenAnswer): Promise<void> {
  await store.append({
    predictions: [toPredictionRow(prediction)],
    ...(example && { examples: [toExampleRow(example)] }),
  })
}

/** Records what the teacher said of a prediction that is stored already, and the example made of it. */
export async function recordTeacherAnswer(
  { database }: Store,
  prediction: string,
  said: { answer: Answer; costMicro: bigint; currency: string | null; example: ExampleRecord | null },
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await transaction
      .updateTable('predictions')
      .set({
        teacher_answer: JSON.stringify(said.answer),
        cost_micro: sql`cost_micro + ${said.costMicro}`,
        currency: said.currency,
      })
      .where('id', '=', prediction)
      .execute()
    if (said.example) await insertExample(transaction, said.example)
  })
}

/** Adds one example, within a transaction that records where it comes from. */
export async function insertExample(database: Kysely<Schema>, example: ExampleRecord): Promise<void> {
  await insertExamples(JSON.stringify([toExampleRow(example)])).execute(database)
}

/** Adds examples that come from no request, for example from a file. */
export async function addExamples({ database }: Store, examples: readonly ExampleRecord[]): Promise<void> {
  for (let start = 0; start < examples.length; start += 1000) {
    const rows = examples.slice(start, start + 1000).map(toExampleRow)
    await insertExamples(JSON.stringify(rows)).execute(database)
  }
}

/**
 * The examples of a task, of each question the one that counts: what people said goes before what a teacher said, later
 * before earlier. In the order in which they came.
 */
export async function selectExamples({ database }: Store, task: string): Promise<ExampleRecord[]> {
  const rows = await database
    .selectFrom('examples')
    .selectAll()
    .distinctOn('text_key')
    .where('task', '=', task)
    .orderBy('text_key')
    .orderBy(sql`source in ('human', 'feedback')`, 'desc')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return rows
    .map((row) => ({
      id: row.id,
      task: row.task,
      text: row.text,
      textPair: row.text_pair,
      answer: row.answer as Answer,
      source: row.source,
      provenance: row.provenance,
      representative: row.representative,
      prediction: row.prediction,
      createdAt: row.created_at,
    }))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1))
}

/** Distinct questions that have an answer. */
export async function countExamples({ database }: Store, task: string): Promise<number> {
  const { count } = await database
    .selectFrom('examples')
    .select(({ fn }) => fn.count<bigint>('text_key').distinct().as('count'))
    .where('task', '=', task)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Throws NotFoundError `flywheel.prediction-not-found`. */
export async function findPrediction({ database }: Store, id: string): Promise<PredictionRecord> {
  const row = await database.selectFrom('predictions').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) {
    throw new NotFoundError('flywheel.prediction-not-found', `There is no prediction ${id}`, {
      hint: 'Its id is in the reply to the request that was answered.',
    })
  }
  return toPredictionRecord(row)
}

/** Texts by which one question is told from another. */
export function textKeyOf(text: string, textPair: string | null): string {
  return sha256(JSON.stringify([normalizeText(text), textPair === null ? null : normalizeText(textPair)]))
}

function toPredictionRecord(row: Selectable<Schema['predictions']>): PredictionRecord {
  return {
    id: row.id,
    task: row.task,
    createdAt: row.created_at,
    input: row.input,
    inputPair: row.input_pair,
    source: row.source,
    answer: row.answer as Answer | null,
    belowTarget: row.below_target,
    reason: row.reason,
    model: row.model,
    modelAnswer: row.model_answer as Answer | null,
    confidence: row.confidence,
    accepted: row.accepted,
    sampled: row.sampled,
    teacherAnswer: row.teacher_answer as Answer | null,
    shadow: row.shadow,
    shadowAnswer: row.shadow_answer as Answer | null,
    ticket: row.ticket,
    costMicro: row.cost_micro,
    currency: row.currency,
    latencyMs: row.latency_ms,
    caller: row.caller,
  }
}

function toPredictionRow(record: PredictionRecord): Record<string, unknown> {
  const { createdAt, inputPair, belowTarget, modelAnswer, teacherAnswer, shadowAnswer, costMicro, latencyMs, ...same } =
    record
  return {
    ...same,
    created_at: createdAt,
    input_pair: inputPair,
    below_target: belowTarget,
    model_answer: modelAnswer,
    teacher_answer: teacherAnswer,
    shadow_answer: shadowAnswer,
    cost_micro: costMicro.toString(),
    latency_ms: latencyMs,
  }
}

function toExampleRow({ textPair, createdAt, ...same }: ExampleRecord): Record<string, unknown> {
  return { ...same, text_key: textKeyOf(same.text, textPair), text_pair: textPair, created_at: createdAt }
}

const insertExamples = (rows: string): RawBuilder<unknown> =>
  sql`insert into examples select * from json_populate_recordset(null::examples, ${rows}::json)`
