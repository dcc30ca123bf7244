/** The gate of each model version, the scores it was chosen by, and what its audits have found. */
import { type Selectable, sql } from 'kysely'
import { present } from '../../base/index.ts'
import type { Answer } from '../../data/index.ts'
import type { Schema, Store } from '../../storage/index.ts'
import { type Audits, recordAudit } from '../gate/audits.ts'
import type { Gate } from '../gate/gate.ts'
import type { Rejection } from '../out-of-scope/choose-rejection.ts'

export type GateRecord = {
  model: string
  task: string
  temperature: number
  gate: Gate
  outOfScope: Rejection | null
  /** In the order of the calibration scores' probabilities. */
  labels: readonly string[]
  audits: Audits
  /** Why the gate is closed for good, whatever its threshold: until another version brings a gate of its own. */
  closedReason: 'audits' | 'drift' | null
  createdAt: Date
}

/** What a version's model would have said of an example that it, or its stand-in of the same fold, did not learn from. */
export type CalibrationScore = {
  example: string
  answer: Answer
  score: number
  agrees: boolean
  representative: boolean
  /** Of each label; null where the kind has none. */
  probabilities: readonly number[] | null
}

export async function insertGate(
  { database }: Store,
  record: Omit<GateRecord, 'audits' | 'closedReason'>,
  scores: readonly CalibrationScore[],
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('gates')
      .values({
        model: record.model,
        task: record.task,
        temperature: record.temperature,
        gate: JSON.stringify(record.gate),
        out_of_scope: JSON.stringify(record.outOfScope),
        labels: JSON.stringify(record.labels),
        target: record.gate.target,
        confidence: record.gate.confidence,
        created_at: record.createdAt,
        closed_at: null,
        closed_reason: null,
      })
      .execute()
    const rows = JSON.stringify(scores.map((score) => ({ model: record.model, ...score })))
    await sql`insert into calibration_scores select * from json_populate_recordset(null::calibration_scores, ${rows}::json)`.execute(
      transaction,
    )
  })
}

export async function selectGate({ database }: Store, model: string): Promise<GateRecord | null> {
  const row = await database.selectFrom('gates').selectAll().where('model', '=', model).executeTakeFirst()
  return row ? toGateRecord(row) : null
}

export async function selectCalibrationScores({ database }: Store, model: string): Promise<CalibrationScore[]> {
  const rows = await database.selectFrom('calibration_scores').selectAll().where('model', '=', model).execute()
  return rows.map(({ model: _, answer, ...same }) => ({ ...same, answer: answer as Answer }))
}

/**
 * Counts one audit of a version's accepted requests, also where several processes do so at once, and closes its gate when the
 * evidence says so. `closes` is true for the audit that closed it.
 */
export async function addAudit(
  { database }: Store,
  model: string,
  agrees: boolean,
): Promise<{ audits: Audits; closes: boolean }> {
  return database.transaction().execute(async (transaction) => {
    const before = await transaction.selectFrom('gates').selectAll().where('model', '=', model).forUpdate().execute()
    const { audits: known } = toGateRecord(present(before[0], `gate of ${model}`))
    const audits = recordAudit(known, agrees)
    const closes = known.closedAt === null && audits.closedAt !== null
    await transaction
      .updateTable('gates')
      .set({
        audited: audits.audited,
        agreed: audits.agreed,
        closed_at: audits.closedAt,
        ...(closes && before[0]?.closed_reason === null ? { closed_reason: 'audits' } : {}),
      })
      .where('model', '=', model)
      .execute()
    return { audits, closes }
  })
}

/** Closes a version's gate for good; false where it was closed before. */
export async function closeGate({ database }: Store, model: string, reason: 'audits' | 'drift'): Promise<boolean> {
  const { numUpdatedRows } = await database
    .updateTable('gates')
    .set({ closed_reason: reason })
    .where('model', '=', model)
    .where('closed_reason', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

function toGateRecord(row: Selectable<Schema['gates']>): GateRecord {
  const { target, confidence, audited, agreed } = row
  return {
    model: row.model,
    task: row.task,
    temperature: row.temperature,
    gate: row.gate as Gate,
    outOfScope: row.out_of_scope as Rejection | null,
    labels: row.labels,
    audits: { target, confidence, audited, agreed, closedAt: row.closed_at },
    closedReason: row.closed_reason as GateRecord['closedReason'],
    createdAt: row.created_at,
  }
}
