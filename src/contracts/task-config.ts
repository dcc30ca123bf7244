import { z } from 'zod'
import { priceSchema } from './rate.ts'
import { taskDataSettings } from './task-data.ts'
import { taskKindSchema } from './task-kind.ts'
import { currencyOfTeacher, type TeacherConfig, teacherConfigSchema } from './teacher.ts'

/** What is kept of the texts that are asked: all, all but what names a person, or nothing. */
export const retentionSchema = z.enum(['full', 'redacted', 'none'])

/** Kinds of task whose answers a teacher gives. */
export const taughtKindSchema = taskKindSchema.extract(['classify', 'multilabel', 'regress'])

/** When a task with a teacher is trained, and how its candidates become live. */
export const retrainingSchema = z.strictObject({
  automatic: z.boolean().default(true).describe('False: only by `capstan retrain`'),
  examplesMin: z.int().min(20).default(300).describe('Labelled examples before the first training'),
  inWorker: z.boolean().default(false).describe('Leave trainings to `capstan worker` (with a database server)'),
  growth: z
    .number()
    .gt(1)
    .max(100)
    .default(1.5)
    .describe('Trains again when the labelled examples are so many times as many'),
  everyHours: z.number().gt(0).optional().describe('Trains again after so long, where there are new examples'),
  epochs: z.int().min(1).optional().describe('Passes over the examples; chosen from their number where left out'),
  folds: z.int().min(2).max(20).default(3).describe('Models that score the examples which they did not learn from'),
  shadowRequests: z
    .int()
    .min(0)
    .default(0)
    .describe('Answers of the teacher with which a candidate is compared on live traffic before it may be promoted'),
  driftWindow: z.int().min(50).max(5000).default(300).describe('Requests in each of the two windows that are compared'),
})

/** A task in `capstan.yaml`. What concerns the teacher may be left out: then there is no gate, and the model answers all. */
export const taskConfigSchema = z
  .strictObject({
    ...taskDataSettings,
    description: z.string().min(1).optional().describe('What is asked, in a sentence: teachers read it'),
    labels: z
      .record(z.string().regex(/^\S(.*\S)?$/, 'must not be empty or begin or end with white space'), z.string().min(1))
      .optional()
      .describe('Each label with its description: teachers read them'),
    range: z
      .strictObject({ min: z.number(), max: z.number() })
      .refine(({ min, max }) => min < max, { error: 'needs a min below its max' })
      .optional()
      .describe('To regress: what a teacher’s numbers must lie in'),
    teacher: teacherConfigSchema.optional(),
    target: z
      .strictObject({
        agreement: z.number().gt(0).lt(1).default(0.95),
        confidence: z.number().gte(0.5).lt(1).default(0.95),
      })
      .prefault({})
      .describe('Agreement with the teacher that the own model’s answers keep, and with what confidence'),
    auditShare: z
      .number()
      .gt(0)
      .lte(1)
      .default(0.03)
      .describe('Random share of requests that the teacher is asked too, whatever the gate decides'),
    base: z.string().min(1).optional().describe('Base model to train on: a folder or a Hugging Face id'),
    outOfScope: z
      .number()
      .gt(0)
      .lt(0.5)
      .optional()
      .describe('Refuse texts unlike the training data: the most in-scope requests this may cost, such as 0.01'),
    annotators: z.int().min(1).max(20).default(1).describe('People who must say the same before a label counts'),
    retraining: retrainingSchema.prefault({}),
    price: priceSchema.optional().describe('What one answer is charged with'),
    labelPrice: priceSchema
      .optional()
      .describe('What a person is paid for a label, where not the teacher’s pricePerCall'),
    teacherBudgetPerDay: priceSchema.optional().describe('The most the teacher may cost in one day of UTC'),
    retention: retentionSchema.default('full'),
    belowTarget: z
      .enum(['answer', 'refuse'])
      .default('answer')
      .describe('Where the teacher cannot answer: the model’s answer marked below_target, or 503'),
  })
  .superRefine((task, context) => {
    for (const { path, message } of findTaughtFaults(task)) context.addIssue({ code: 'custom', path, message })
  })

export type TaskConfig = z.output<typeof taskConfigSchema>
export type Retraining = z.output<typeof retrainingSchema>
export type Retention = z.infer<typeof retentionSchema>
export type TaughtKind = z.infer<typeof taughtKindSchema>

type Fault = { path: string[]; message: string }
type Taught = {
  kind?: string | undefined
  labels?: Record<string, string> | undefined
  range?: unknown
  teacher?: TeacherConfig | undefined
  teacherBudgetPerDay?: { currency: string } | undefined
}

/** What has to fit together once a teacher is named. */
function findTaughtFaults({ kind, labels, range, teacher, teacherBudgetPerDay }: Taught): Fault[] {
  if (teacher === undefined) {
    return teacherBudgetPerDay ? [{ path: ['teacherBudgetPerDay'], message: 'needs a teacher' }] : []
  }
  const faults: Fault[] = []
  if (!taughtKindSchema.safeParse(kind).success) {
    faults.push({ path: ['kind'], message: 'must be classify, multilabel or regress where the task has a teacher' })
  }
  if (kind === 'regress') {
    if (labels !== undefined)
      faults.push({ path: ['labels'], message: 'are not for regress, whose answer is a number' })
  } else {
    if (range !== undefined) faults.push({ path: ['range'], message: 'is only for regress' })
    const least = kind === 'classify' ? 2 : 1
    // The labels of a replay are those of its file.
    if (Object.keys(labels ?? {}).length < least && !(teacher.type === 'replay' && labels === undefined)) {
      faults.push({
        path: ['labels'],
        message: `must be at least ${least}, each with a description: the teacher reads them`,
      })
    }
  }
  const currency = currencyOfTeacher(teacher)
  if (teacherBudgetPerDay !== undefined && teacherBudgetPerDay.currency !== currency) {
    const message = `must be ${currency}, in which the teacher is paid: nothing is converted`
    faults.push({ path: ['teacherBudgetPerDay', 'currency'], message })
  }
  return faults
}
