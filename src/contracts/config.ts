import { z } from 'zod'
import { deviceSchema } from './device.ts'
import { currencySchema } from './money.ts'
import { taskKindSchema } from './task-kind.ts'

/** A task's name: it stands in addresses, folders and commands. */
export const taskNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be lower-case letters, digits, "-" and "_", at most 63')

/** A price with the day and the place it was found: no rate is a constant of the program. */
export const rateSchema = z.strictObject({
  amount: z
    .union([z.string(), z.number().transform(String)])
    .pipe(z.string().regex(/^\d{1,12}(\.\d{1,6})?$/, 'must be a decimal of at most six places, such as "0.04"')),
  currency: currencySchema,
  date: z.iso.date(),
  source: z.string().min(1),
})

export type Rate = z.output<typeof rateSchema>

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
    .strictObject({ cpuHour: rateSchema.default(defaultCpuHourRate).describe('Price of one vCPU for one hour') })
    .prefault({}),
  device: deviceSchema.default('cpu').describe('Where models are trained and answer'),
  tasks: z
    .record(
      taskNameSchema,
      z.strictObject({
        kind: taskKindSchema.optional(),
        textColumn: z.string().min(1).optional(),
        labelColumn: z.string().min(1).optional(),
        pairColumn: z.string().min(1).optional(),
        negativeColumn: z.string().min(1).optional(),
        labelSeparator: z.string().min(1).optional(),
      }),
    )
    .default({}),
})

export type Config = z.output<typeof configSchema>
