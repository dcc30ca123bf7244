import { z } from 'zod'

/** What a model is asked: one label, any number of labels, a number, a grade, labelled spans of the text, or its embedding. */
export const taskKindSchema = z
  .enum(['classify', 'multilabel', 'regress', 'ordinal', 'tag', 'embed'])
  .meta({ id: 'TaskKind', description: 'What the model answers', example: 'classify' })

export type TaskKind = z.infer<typeof taskKindSchema>
