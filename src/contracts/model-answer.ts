import { z } from 'zod'

/**
 * How a saved model's output becomes an answer: the key `capstan` of its config.json, beside `id2label` and
 * `problem_type`, which other programs read. Folders without it are understood by
 * `problem_type` and `architectures`, and take single texts and pairs.
 *
 * | kind       | output of onnx/model.onnx           | id2label | answer |
 * | classify   | logits [batch, labels]              | labels   | softmax |
 * | multilabel | logits [batch, labels]              | labels   | sigmoid, each label against its threshold |
 * | regress    | logits [batch, 1]                   | one name | the number itself, in the units of the data |
 * | ordinal    | logits [batch, grades − 1]          | grades   | sigmoid: probability of lying above each grade but the last |
 * | tag        | logits [batch, tokens, tags]        | O, B-…, I-… | the tag of each word is that of its first token |
 * | embed      | sentence_embedding [batch, width]   | none     | a vector of length 1 |
 */
export const modelAnswerSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('classify') }),
    z.object({ kind: z.literal('multilabel'), thresholds: z.array(z.number().min(0).max(1)).min(1) }),
    z.object({ kind: z.literal('regress') }),
    /** The numbers that the grades stand for, rising, in the order of id2label. */
    z.object({ kind: z.literal('ordinal'), values: z.array(z.number()).min(2) }),
    z.object({ kind: z.literal('tag') }),
    z.object({ kind: z.literal('embed') }),
  ])
  .and(z.object({ pairs: z.boolean().optional() }))

export type ModelAnswer = z.output<typeof modelAnswerSchema>
