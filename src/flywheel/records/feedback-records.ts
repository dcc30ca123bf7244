/** What is learnt later about a prediction; corrections become examples. */
import { ConflictError, createId, sha256 } from '../../base/index.ts'
import type { Answer } from '../../data/index.ts'
import type { Store } from '../../storage/index.ts'
import { findPrediction, insertExample } from './prediction-records.ts'
import { sameAnswer } from './same-answer.ts'

export type NewFeedback = {
  prediction: string
  /** Sent again with the same content it counts once. */
  key: string
  answer: Answer | null
  correct: boolean | null
  rating: number | null
  outcome: { amountMicro: bigint; currency: string } | null
  caller: string | null
  now: Date
}

export type StoredFeedback = { id: string; isNew: boolean; example: string | null }

/**
 * Stores feedback, and the example it makes: the label it gives, or the answer it confirms, where the text was kept. Throws
 * NotFoundError `flywheel.prediction-not-found` or ConflictError `flywheel.feedback-key-reused`.
 */
export async function recordFeedback(store: Store, feedback: NewFeedback): Promise<StoredFeedback> {
  const { prediction: predictionId, key, answer, correct, rating, outcome, caller, now } = feedback
  const prediction = await findPrediction(store, predictionId)
  const payload = sha256(
    JSON.stringify([answer, correct, rating, outcome && [outcome.amountMicro.toString(), outcome.currency]]),
  )
  const id = createId('feedback', now)
  return store.database.transaction().execute(async (transaction) => {
    const inserted = await transaction
      .insertInto('feedback')
      .values({
        id,
        prediction: predictionId,
        key,
        payload_sha256: payload,
        ...(answer ? { answer: JSON.stringify(answer) } : {}),
        correct,
        rating,
        outcome_micro: outcome?.amountMicro ?? null,
        currency: outcome?.currency ?? null,
        caller,
        created_at: now,
      })
      .onConflict((conflict) => conflict.columns(['prediction', 'key']).doNothing())
      .returning('id')
      .executeTakeFirst()
    if (!inserted) {
      const known = await transaction
        .selectFrom('feedback')
        .select(['id', 'payload_sha256'])
        .where('prediction', '=', predictionId)
        .where('key', '=', key)
        .executeTakeFirstOrThrow()
      if (known.payload_sha256 === payload) return { id: known.id, isNew: false, example: null }
      throw new ConflictError(
        'flywheel.feedback-key-reused',
        `The key ${key} stands for other feedback on ${predictionId} already (${known.id})`,
        { hint: 'Send the same feedback unchanged, or give the new one a key of its own.' },
      )
    }
    const known = answer ?? (correct === true ? prediction.answer : null)
    if (known === null || prediction.input === null) return { id, isNew: true, example: null }
    const example = createId('example', now)
    await insertExample(transaction, {
      id: example,
      task: prediction.task,
      text: prediction.input,
      textPair: prediction.inputPair,
      answer: known,
      source: 'feedback',
      provenance: {
        feedback: id,
        caller,
        corrects: prediction.answer !== null && !sameAnswer(known, prediction.answer),
      },
      representative: false,
      prediction: predictionId,
      createdAt: now,
    })
    return { id, isNew: true, example }
  })
}
