import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exponentialCurve, hillCurve, type SpendCurve } from '../curves/spend-curve.ts'
import { allocate } from './allocate.ts'
import { toAmountsMicro, toUnits } from './amounts.ts'
import { listLinks, type ValueNode } from './value-tree.ts'

const steps = 100
const runs = { numRuns: 40 }

type Channel = { max: number; half: number; shape: number; from: number; room: number }
const channel: fc.Arbitrary<Channel> = fc.record({
  max: fc.double({ min: 1, max: 200, noNaN: true }),
  half: fc.double({ min: 1, max: 80, noNaN: true }),
  shape: fc.double({ min: 0.5, max: 4, noNaN: true }),
  from: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5, noNaN: true })),
  room: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.double({ min: 1, max: 60, noNaN: true })),
})
const channels = fc.array(channel, { minLength: 2, maxLength: 4 })
const budget = fc.double({ min: 21, max: 300, noNaN: true })
const concave = channels.map((all) => all.map((one) => ({ ...one, shape: Math.min(1, one.shape) })))

describe('every plan', () => {
  it('spends its budget or reports the rest as slack, within all bounds', () => {
    fc.assert(
      fc.property(fc.oneof(channels, concave), budget, fc.constantFrom('sum', 'product'), (all, money, combine) => {
        const root = treeOf(all, combine)
        const plan = allocate(root, money, { steps })
        const total = Object.values(plan.spend).reduce((sum, x) => sum + x, 0)
        expect(total + plan.slack).toBeClose(money, { relative: 1e-8 })
        expect(total).toBeLessThanOrEqual(money * (1 + 1e-12))
        for (const { name, min = 0, max = Number.POSITIVE_INFINITY } of listLinks(root)) {
          expect(plan.spend[name]).toBeGreaterThanOrEqual(min * (1 - 1e-12))
          expect(plan.spend[name]).toBeLessThanOrEqual(max)
        }
        expect(plan.gap).toBeGreaterThanOrEqual(0)
      }),
      runs,
    )
  })

  it('in whole micro-units never sums to more than its budget', () => {
    fc.assert(
      fc.property(concave, fc.bigInt({ min: 30_000_000n, max: 10n ** 15n }), (all, budgetMicro) => {
        const plan = allocate(treeOf(all, 'sum'), toUnits(budgetMicro))
        const amounts = Object.values(toAmountsMicro(plan.spend, budgetMicro))
        const total = amounts.reduce((sum, amount) => sum + amount, 0n)
        expect(total <= budgetMicro).toBe(true)
        if (plan.slack === 0) expect(budgetMicro - total <= 1n + budgetMicro / 10n ** 9n).toBe(true)
      }),
      runs,
    )
  })

  it('scales with the money it is counted in, and its price does not change', () => {
    fc.assert(
      fc.property(concave, budget, fc.constantFrom(1e-6, 0.37, 1e6), (all, money, k) => {
        const plan = allocate(treeOf(all, 'sum'), money)
        const scaled = allocate(
          treeOf(
            all.map(({ max, half, shape, from, room }) => ({
              max: k * max,
              half: k * half,
              shape,
              from: k * from,
              room: k * room,
            })),
            'sum',
          ),
          k * money,
        )
        expect(Object.values(scaled.spend)).toBeClose(
          Object.values(plan.spend).map((x) => k * x),
          { relative: 1e-9, absolute: 1e-9 * k * money },
        )
        expect(scaled.shadowPrice).toBeClose(plan.shadowPrice, { relative: 1e-6 })
      }),
      runs,
    )
  })

  it('is worth the same on the grid in another money', () => {
    fc.assert(
      fc.property(channels, budget, fc.constantFrom(2 ** -20, 2 ** 20), (all, money, k) => {
        const scaled = all.map((one) => ({
          ...one,
          max: k * one.max,
          half: k * one.half,
          from: k * one.from,
          room: k * one.room,
        }))
        const plan = allocate(treeOf(all, 'sum'), money, { steps })
        const other = allocate(treeOf(scaled, 'sum'), k * money, { steps })
        expect(other.value / k).toBeClose(plan.value, { relative: 1e-9 })
        expect(other.shadowPrice).toBeClose(plan.shadowPrice, { relative: 1e-4, absolute: 1e-9 })
      }),
      runs,
    )
  })

  it('does not depend on the order of the links', () => {
    fc.assert(
      fc.property(channels, budget, fc.constantFrom('sum', 'product'), (all, money, combine) => {
        const root = treeOf(all, combine) as { combine: 'sum'; parts: ValueNode[] }
        const plan = allocate(root, money, { steps })
        const turned = allocate({ ...root, parts: [...root.parts].reverse() }, money, { steps })
        expect(turned.value).toBeClose(plan.value, { relative: 1e-9 })
        expect(turned.shadowPrice).toBeClose(plan.shadowPrice, { relative: 1e-3, absolute: 1e-9 })
      }),
      runs,
    )
  })

  it('has as its price the finite difference of its value by the budget', () => {
    fc.assert(
      fc.property(concave, budget, fc.constantFrom('sum', 'product'), (all, money, combine) => {
        const root = treeOf(
          all.map((one) => ({ ...one, room: Number.POSITIVE_INFINITY })),
          combine,
        )
        const h = 1e-4 * money
        const difference = (allocate(root, money + h).value - allocate(root, money - h).value) / (2 * h)
        expect(allocate(root, money).shadowPrice).toBeClose(difference, { relative: 1e-3 })
      }),
      runs,
    )
  })

  it('is worth at least as much as any other split', () => {
    const shares = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(channels, budget, shares, fc.constantFrom('sum', 'product'), (all, money, weights, combine) => {
        const free = all.map((one) => ({ ...one, from: 0, room: Number.POSITIVE_INFINITY }))
        const curves = free.map(({ max, half, shape }) => hillCurve({ max, half, shape }))
        const total = curves.reduce((sum, _, i) => sum + (weights[i] as number), 0)
        const values = curves.map((curve, i) => curve.value((money * (weights[i] as number)) / total))
        const other = values.reduce((one, value) => (combine === 'sum' ? one + value : one * value))
        expect(allocate(treeOf(free, combine), money, { steps }).value).toBeGreaterThanOrEqual(other * (1 - 1e-9))
      }),
      runs,
    )
  })
})

it('a curve that is nowhere said to be concave is planned on the grid and still found', () => {
  const known = exponentialCurve({ max: 100, scale: 20 })
  const unknown: SpendCurve = { value: known.value, slope: known.slope }
  const rootOf = (curve: SpendCurve): ValueNode => ({
    combine: 'sum',
    parts: [
      { name: 'a', curve },
      { name: 'b', curve: exponentialCurve({ max: 80, scale: 40 }) },
    ],
  })
  const plan = allocate(rootOf(unknown), 60)
  expect(plan.engine).toBe('grid')
  expect(plan.spend.a).toBeClose(allocate(rootOf(known), 60).spend.a as number, { relative: 1e-6 })
})

function treeOf(all: readonly Channel[], combine: 'sum' | 'product'): ValueNode {
  return {
    combine,
    parts: all.map(({ max, half, shape, from, room }, i) => ({
      name: `c${i}`,
      curve: hillCurve({ max, half, shape }),
      min: from,
      max: from + room,
    })),
  }
}
