/** The label queue in the store: what people are asked, and what each of them says. */
import { setTimeout } from 'node:timers/promises'
import type { Selectable } from 'kysely'
import { type Clock, ConflictError, createId, NotFoundError } from '../../base/index.ts'
import type { Answer } from '../../data/index.ts'
import type { Schema, Store } from '../../storage/index.ts'
import { redactText } from '../retention/redact-text.ts'
import type { LabelQueue } from '../teachers/human-teacher.ts'
import { type ExampleRecord, insertExample, textKeyOf } from './prediction-records.ts'

export type LabelQuestion = {
  id: string
  task: string
  text: string
  textPair: string | null
  prediction: string | null
  createdAt: Date
  /** What counts; null while nobody has answered. */
  answer: Answer | null
}

/** How often a request that waits for people looks whether they have answered. */
const pollMs = 500

/** The queue as a human teacher sees it; `isRedacted` says whether a task's texts are stored redacted. */
export function createLabelQueue(
  store: Store,
  { clock, isRedacted }: { clock: Clock; isRedacted: (task: string) => boolean },
): LabelQueue {
  const find = async (ticket: string) => {
    const row = await store.database
      .selectFrom('label_questions')
      .select('answer')
      .where('id', '=', ticket)
      .executeTakeFirst()
    return row?.answer ?? undefined
  }
  return {
    async enqueue({ task, key, input }) {
      const keep = isRedacted(task) ? redactText : (text: string) => text
      const id = createId('question', clock.now())
      const inserted = await store.database
        .insertInto('label_questions')
        .values({
          id,
          task,
          key,
          text: keep(input.text),
          text_pair: input.textPair === undefined ? null : keep(input.textPair),
          prediction: null,
          created_at: clock.now(),
          answered_at: null,
        })
        .onConflict((conflict) => conflict.columns(['task', 'key']).doNothing())
        .returning('id')
        .executeTakeFirst()
      if (inserted) return { ticket: id, isNew: true }
      const known = await store.database
        .selectFrom('label_questions')
        .select(['id', 'answer'])
        .where('task', '=', task)
        .where('key', '=', key)
        .executeTakeFirstOrThrow()
      return {
        ticket: known.id,
        isNew: false,
        ...(known.answer === null ? {} : { answer: spokenAnswer(known.answer) }),
      }
    },
    async awaitAnswer(ticket, signal) {
      for (;;) {
        const answer = await find(ticket)
        if (answer !== undefined) return spokenAnswer(answer)
        await setTimeout(pollMs, undefined, { signal })
      }
    },
  }
}

/** Questions without an answer, the oldest first. */
export async function selectOpenQuestions(
  { database }: Store,
  { task, limit = 20, annotator }: { task: string; limit?: number; annotator?: string },
): Promise<LabelQuestion[]> {
  let query = database
    .selectFrom('label_questions')
    .selectAll()
    .where('task', '=', task)
    .where('answer', 'is', null)
    .orderBy('id')
    .limit(limit)
  if (annotator !== undefined) {
    query = query.where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('label_answers')
            .select('question')
            .whereRef('label_answers.question', '=', 'label_questions.id')
            .where('annotator', '=', annotator),
        ),
      ),
    )
  }
  return (await query.execute()).map(toQuestion)
}

/** Puts texts into the queue that were answered before; those that stand there already are left as they are. */
export async function askQuestions(
  { database }: Store,
  questions: readonly { task: string; text: string; textPair: string | null; prediction: string; createdAt: Date }[],
): Promise<number> {
  if (questions.length === 0) return 0
  const rows = questions.map(({ task, text, textPair, prediction, createdAt }) => ({
    id: createId('question', createdAt),
    task,
    key: textKeyOf(text, textPair),
    text,
    text_pair: textPair,
    prediction,
    created_at: createdAt,
    answered_at: null,
  }))
  const inserted = await database
    .insertInto('label_questions')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['task', 'key']).doNothing())
    .returning('id')
    .execute()
  return inserted.length
}

/**
 * Records what one person says; the answer counts once `answersNeeded` people agree, and becomes an example with its
 * annotators. A person answers a question once: ConflictError `flywheel.already-labelled`.
 */
export async function answerQuestion(
  { database }: Store,
  given: { question: string; annotator: string; answer: Answer; answersNeeded: number; now: Date },
): Promise<{ question: LabelQuestion; isSettled: boolean; example: ExampleRecord | null }> {
  const { question: id, annotator, answer, answersNeeded, now } = given
  return database.transaction().execute(async (transaction) => {
    const row = await transaction
      .selectFrom('label_questions')
      .selectAll()
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (!row) {
      throw new NotFoundError('flywheel.question-not-found', `There is no question ${id}`, {
        hint: 'Open questions are listed by: capstan label --task <task> --list',
      })
    }
    const written = await transaction
      .insertInto('label_answers')
      .values({ question: id, annotator, answer: JSON.stringify(answer), created_at: now })
      .onConflict((conflict) => conflict.columns(['question', 'annotator']).doNothing())
      .returning('question')
      .executeTakeFirst()
    if (!written) {
      throw new ConflictError('flywheel.already-labelled', `${annotator} has answered question ${id} already`, {
        hint: 'A wrong label is corrected by feedback on the prediction.',
      })
    }
    const answers = await transaction.selectFrom('label_answers').selectAll().where('question', '=', id).execute()
    const agreeing = answers.filter((other) => JSON.stringify(other.answer) === JSON.stringify(answer))
    const isSettled = row.answer === null && agreeing.length >= answersNeeded
    if (!isSettled) return { question: toQuestion(row), isSettled, example: null }
    await transaction
      .updateTable('label_questions')
      .set({ answer: JSON.stringify(answer), answered_at: now })
      .where('id', '=', id)
      .execute()
    const example: ExampleRecord = {
      id: createId('example', now),
      task: row.task,
      text: row.text,
      textPair: row.text_pair,
      answer,
      source: 'human',
      provenance: { question: id, annotators: agreeing.map((other) => other.annotator) },
      representative: false,
      prediction: row.prediction,
      createdAt: now,
    }
    await insertExample(transaction, example)
    await transaction
      .updateTable('predictions')
      .set({ teacher_answer: JSON.stringify(answer) })
      .where('ticket', '=', id)
      .execute()
    return { question: { ...toQuestion(row), answer }, isSettled, example }
  })
}

/** What each person said of each question of a task that several have answered. */
export async function selectLabelAnswers(
  { database }: Store,
  task: string,
): Promise<{ question: string; annotator: string; answer: Answer }[]> {
  const rows = await database
    .selectFrom('label_answers')
    .innerJoin('label_questions', 'label_questions.id', 'label_answers.question')
    .select(['label_answers.question', 'label_answers.annotator', 'label_answers.answer'])
    .where('label_questions.task', '=', task)
    .orderBy('label_answers.question')
    .execute()
  return rows.map((row) => ({ ...row, answer: row.answer as Answer }))
}

/** A label, a list of labels or a number: the form in which teachers speak. */
export function spokenAnswer(answer: unknown): unknown {
  const known = answer as Answer
  if (known.kind === 'class') return known.label
  return known.kind === 'classes' ? known.labels : (known as { value?: number }).value
}

function toQuestion(row: Selectable<Schema['label_questions']>): LabelQuestion {
  const { text_pair: textPair, created_at: createdAt, id, task, text, prediction } = row
  return { id, task, text, textPair, prediction, createdAt, answer: row.answer as Answer | null }
}
