import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDailyBudget, createMemoryBudgetStore } from './daily-budget.ts'

const noon = { now: () => new Date('2026-11-23T12:00:00Z') }

type Try = { max: bigint; cost: bigint; isKnown: boolean }

const triesOf = fc.array(
  fc
    .record({ max: fc.bigInt(0n, 50n), share: fc.integer({ min: 0, max: 100 }), isKnown: fc.boolean() })
    .map(({ max, share, isKnown }): Try => ({ max, cost: (max * BigInt(share)) / 100n, isKnown })),
  { minLength: 1, maxLength: 40 },
)

describe('a daily budget', () => {
  it('is never overspent, in whatever order concurrent tries begin and end, and refuses only what has no room', async () => {
    await fc.assert(
      fc.asyncProperty(triesOf, fc.bigInt(0n, 300n), fc.scheduler(), async (tries, capMicro, scheduler) => {
        const store = createMemoryBudgetStore()
        const budget = createDailyBudget({ task: 'support', capMicro, store, clock: noon })
        let spent = 0n
        let refusals = 0
        const run = async ({ max, cost, isKnown }: Try, i: number) => {
          await scheduler.schedule(Promise.resolve(), `begin ${i}`)
          const reservation = await budget.reserve(max)
          if (!reservation) {
            refusals++
            return
          }
          spent += cost
          expect(spent <= capMicro).toBe(true)
          await scheduler.schedule(Promise.resolve(), `end ${i}`)
          if (isKnown) await reservation.settle(cost)
        }
        await scheduler.waitFor(Promise.all(tries.map(run)))
        const bound = tries.reduce((sum, { max }) => sum + max, 0n)
        if (bound <= capMicro) expect(refusals).toBe(0)
      }),
    )
  })

  it('is not forgotten by a restart, and begins anew at midnight of UTC', async () => {
    const store = createMemoryBudgetStore()
    const open = (time: string) =>
      createDailyBudget({ task: 'support', capMicro: 100n, store, clock: { now: () => new Date(time) } })
    await (await open('2026-11-23T23:59:59Z').reserve(80n))?.settle(70n)
    expect(await open('2026-11-23T23:59:59Z').reserve(31n)).toBeUndefined()
    expect(await open('2026-11-23T23:59:59Z').reserve(30n)).toBeDefined()
    expect(await open('2026-11-24T00:00:00Z').reserve(100n)).toBeDefined()
  })

  it('gives back to the day on which a try began', async () => {
    const store = createMemoryBudgetStore()
    let time = '2026-11-23T23:59:59Z'
    const budget = createDailyBudget({ task: 'support', capMicro: 100n, store, clock: { now: () => new Date(time) } })
    const late = await budget.reserve(100n)
    time = '2026-11-24T00:00:01Z'
    expect(await budget.reserve(100n)).toBeDefined()
    await late?.settle(10n)
    expect(await budget.reserve(1n)).toBeUndefined()
  })

  it('is one for each task', async () => {
    const store = createMemoryBudgetStore()
    const open = (task: string) => createDailyBudget({ task, capMicro: 100n, store, clock: noon })
    expect(await open('a').reserve(100n)).toBeDefined()
    expect(await open('b').reserve(100n)).toBeDefined()
    expect(await open('a').reserve(1n)).toBeUndefined()
  })

  it('books a charge above the bound as it is, and refuses the rest of the day', async () => {
    const store = createMemoryBudgetStore()
    const budget = createDailyBudget({ task: 'support', capMicro: 100n, store, clock: noon })
    await (await budget.reserve(10n))?.settle(120n)
    expect(await budget.reserve(0n)).toBeUndefined()
  })
})
