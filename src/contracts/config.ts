import { z } from 'zod'
import { billingSchema } from './billing.ts'
import { byteSizeSchema } from './byte-size.ts'
import { deviceSchema } from './device.ts'
import { type Rate, rateSchema } from './rate.ts'
import { taskConfigSchema } from './task-config.ts'

/** A task's name: it stands in addresses, folders and commands. */
export const taskNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be lower-case letters, digits, "-" and "_", at most 63')

/** One vCPU for an hour, until `capstan.yaml` says what this team pays. */
export const defaultCpuHourRate: Rate = {
  amount: '0.0408',
  currency: 'USD',
  date: '2026-06-17',
  source: 'assumption: half of an AWS m7g.large (2 vCPU) on demand, Linux, us-east-1, at 0.0816 USD an hour',
}

/** `capstan.yaml`: everything has a default, an unknown key is an error. */
export const configSchema = z.strictObject({
  storage: z
    .strictObject({ folder: z.string().min(1).default('.capstan').describe('Relative to the file') })
    .prefault({}),
  rates: z
    .strictObject({
      cpuHour: rateSchema.default(defaultCpuHourRate).describe('Price of one vCPU for one hour'),
      gpuHour: rateSchema
        .optional()
        .describe('Price of a GPU for one hour, where device is one; without it its seconds are booked, and no price'),
      kilowattHour: rateSchema
        .optional()
        .describe('Price of a kilowatt-hour, where the team pays for power; without it measured joules have no price'),
    })
    .superRefine(({ cpuHour, ...others }, context) => {
      for (const [name, rate] of Object.entries(others)) {
        if (rate && rate.currency !== cpuHour.currency) {
          const message = 'must be that of cpuHour: what a run costs is one sum'
          context.addIssue({ code: 'custom', path: [name, 'currency'], message })
        }
      }
    })
    .prefault({}),
  server: z
    .strictObject({
      auth: z.enum(['auto', 'required', 'off']).default('auto').describe('Whether requests need an API key'),
    })
    .prefault({}),
  serving: z
    .strictObject({
      memoryMax: byteSizeSchema
        .optional()
        .describe('What loaded models may take together; half of the memory if left out'),
    })
    .prefault({}),
  device: deviceSchema.default('cpu').describe('Where models are trained and answer'),
  tasks: z.record(taskNameSchema, taskConfigSchema).default({}),
  billing: billingSchema.prefault({}).describe('What customers pay'),
})

export type Config = z.output<typeof configSchema>
/** What computing costs. */
export type ComputeRates = Config['rates']
