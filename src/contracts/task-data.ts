import { z } from 'zod'
import { taskKindSchema } from './task-kind.ts'

/** What a task in `capstan.yaml` says of its data; what is left out is found by usual names. */
export const taskDataSettings = {
  kind: taskKindSchema.optional(),
  textColumn: z.string().min(1).optional(),
  labelColumn: z.string().min(1).optional(),
  pairColumn: z.string().min(1).optional(),
  negativeColumn: z.string().min(1).optional(),
  labelSeparator: z.string().min(1).optional(),
}
