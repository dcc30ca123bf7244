/**
 * What Capstan does posts by itself: answers with their price and the teacher's cost, and labels by people, summed by minute.
 * What is booked is marked on its row in the same transaction, so that a meter may run again, after a crash too; whatever
 * comes later, or costs more later, goes into a further entry of its minute.
 */
import { type Kysely, sql } from 'kysely'
import type { Clock } from '../../base/index.ts'
import type { Money } from '../../contracts/index.ts'
import type { Schema, Store } from '../../storage/index.ts'
import { selectLastClosedMonth } from '../close-period.ts'
import { checkEntry, type NewEntry } from '../entry.ts'
import { numberEntries } from '../number-entries.ts'
import { writeEntries } from '../write-entries.ts'
import { type AnswerGroup, createAnswerEntries, createLabelEntries, type LabelGroup } from './work-entries.ts'

/** What a task's answers and labels are worth. */
export type TaskTerms = {
  /** What an answer is charged with. */
  price: Money | null
  /** What a person is paid for a label. */
  labelPrice: Money | null
  /** Its teacher is people, who are paid by the label and not by the question. */
  isTaughtByPeople: boolean
}

export type MeterOptions = { store: Store; clock: Clock; termsOf: (task: string) => TaskTerms }

/** About how many rows a transaction books, so that requests need not wait long for it. */
const rowsPerTransaction = 2000
const minuteMs = 60_000

/** Books what was done in minutes that are over; the number of entries posted. */
export async function meterWork(options: MeterOptions): Promise<number> {
  return (await meterAnswers(options)) + (await meterLabels(options))
}

async function meterAnswers({ store, clock, termsOf }: MeterOptions): Promise<number> {
  const isDue = sql<boolean>`(metered_micro is distinct from cost_micro
    or (teacher_answer is not null and metered_label is not true))`
  return repeat(store.database, clock, async (transaction, closed) => {
    const end = await endOfSlice(transaction, sql`predictions where ${isDue}`, closed)
    if (end === null) return null
    const { rows } = await sql<AnswerGroup>`
      with due as (
        select id, metered_micro, metered_label from predictions where ${isDue} and created_at < ${end} for update
      ), booked as (
        update predictions
        set metered_micro = predictions.cost_micro, metered_label = predictions.teacher_answer is not null
        from due where predictions.id = due.id
        returning task, model, caller, currency, date_trunc('minute', created_at) as minute,
          due.metered_micro is null and answer is not null as is_answer,
          teacher_answer is not null and due.metered_label is not true as is_label,
          cost_micro - coalesce(due.metered_micro, 0) as cost_micro
      )
      select task, model, caller, currency, minute,
        count(*) filter (where is_answer) as answers, count(*) filter (where is_label) as labels,
        sum(cost_micro)::bigint as cost
      from booked group by 1, 2, 3, 4, 5 order by minute, task, model, caller, currency`.execute(transaction)
    return createAnswerEntries(rows, termsOf)
  })
}

async function meterLabels({ store, clock, termsOf }: MeterOptions): Promise<number> {
  return repeat(store.database, clock, async (transaction, closed) => {
    const end = await endOfSlice(transaction, sql`label_answers where not metered`, closed)
    if (end === null) return null
    const { rows } = await sql<LabelGroup>`
      with booked as (
        update label_answers set metered = true where not metered and created_at < ${end}
        returning question, date_trunc('minute', created_at) as minute
      )
      select task, minute, count(*) as labels
      from booked join label_questions on label_questions.id = question group by 1, 2 order by 2, 1`.execute(
      transaction,
    )
    return createLabelEntries(rows, termsOf)
  })
}

/** Slice after slice, each a transaction, until there is nothing more. */
async function repeat(
  database: Kysely<Schema>,
  clock: Clock,
  createEntries: (transaction: Kysely<Schema>, closed: Date) => Promise<NewEntry[] | null>,
): Promise<number> {
  const closed = new Date(Math.floor(clock.now().getTime() / minuteMs) * minuteMs)
  for (let count = 0; ; ) {
    const posted = await database.transaction().execute(async (transaction) => {
      // Where several processes meter, one at a time: entries of a minute are numbered.
      await sql`select pg_advisory_xact_lock(hashtext('capstan.meters'))`.execute(transaction)
      const entries = await createEntries(transaction, closed)
      if (entries === null) return null
      const numbered = await numberEntries(transaction, entries)
      for (const entry of numbered) checkEntry(entry)
      const lastClosedMonth = await selectLastClosedMonth(transaction)
      return (await writeEntries(transaction, numbered, { recordedAt: clock.now(), lastClosedMonth })).size
    })
    if (posted === null) return count
    count += posted
  }
}

/** The end of the minute in which the slice's last row lies; null where nothing is due. */
async function endOfSlice(
  transaction: Kysely<Schema>,
  due: ReturnType<typeof sql>,
  closed: Date,
): Promise<Date | null> {
  const { rows } = await sql<{ last: Date | null }>`
    select max(created_at) as last from (
      select created_at from ${due} and created_at < ${closed} order by created_at limit ${rowsPerTransaction}
    ) as slice`.execute(transaction)
  const last = rows[0]?.last ?? null
  return last === null ? null : new Date((Math.floor(last.getTime() / minuteMs) + 1) * minuteMs)
}
