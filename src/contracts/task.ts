import { z } from 'zod'
import { taskNameSchema } from './config.ts'
import { modelVersionSchema } from './model-version.ts'
import { modelReferenceSchema } from './prediction.ts'
import { taskKindSchema } from './task-kind.ts'

/** A task as its callers see it: what it can answer, and which model version answers now. */
export const taskSchema = z
  .object({
    task: taskNameSchema.meta({ description: 'The name in its address', example: 'support' }),
    kind: taskKindSchema,
    pairs: z.boolean().meta({ description: 'The task’s texts come in pairs', example: false }),
    labels: z.array(z.string()).meta({
      description: 'All that it can answer: labels, grades, or labels of spans; none for numbers and embeddings',
      example: ['card_arrival', 'lost_or_stolen_card'],
    }),
    model: modelReferenceSchema.nullable().meta({ description: 'Null while the teacher answers all' }),
  })
  .meta({ id: 'Task' })

/** Parameters of addresses under /v1/tasks/{task}. */
export const taskParametersSchema = z.object({
  task: taskNameSchema.meta({ description: 'Name of the task', example: 'support' }),
})

export const taskListSchema = z.object({ tasks: z.array(taskSchema) }).meta({ id: 'TaskList' })
export const modelListSchema = z.object({ models: z.array(modelVersionSchema) }).meta({ id: 'ModelList' })

export type Task = z.infer<typeof taskSchema>
