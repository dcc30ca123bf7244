import { expect, it } from 'vitest'
import { configSchema, defaultCpuHourRate } from './config.ts'

it('gives every setting of an empty file its default', () => {
  expect(configSchema.parse({})).toEqual({
    storage: { folder: '.capstan' },
    rates: { cpuHour: defaultCpuHourRate },
    server: { auth: 'auto' },
    serving: {},
    device: 'cpu',
    tasks: {},
    billing: { plans: {}, customers: {} },
  })
})

it('takes an amount with or without quotes and leaves columns open that a task does not name', () => {
  const config = configSchema.parse({
    rates: { cpuHour: { amount: 0.04, currency: 'EUR', date: '2026-11-01', source: 'invoice 17' } },
    tasks: { support: { textColumn: 'question' } },
  })
  expect(config.rates.cpuHour.amount).toBe('0.04')
  expect(config.tasks.support).toMatchObject({ textColumn: 'question', retention: 'full' })
  expect(config.tasks.support).not.toHaveProperty('labelColumn')
})

it('names every wrong place at once', () => {
  const { error } = configSchema.safeParse({
    storge: {},
    rates: { cpuHour: { amount: '4 cents', currency: 'usd', date: '1.11.2026', source: '' } },
    device: 'gpu',
    tasks: { 'Not A Name': {} },
  })
  expect(error?.issues.map((issue) => issue.path.join('.')).sort()).toEqual([
    '',
    'device',
    'rates.cpuHour.amount',
    'rates.cpuHour.currency',
    'rates.cpuHour.date',
    'rates.cpuHour.source',
    'tasks.Not A Name',
  ])
})
