import { describe, expect, it } from 'vitest'
import { exponentialCurve, hillCurve, powerCurve } from '../curves/spend-curve.ts'
import { allocate } from './allocate.ts'
import { describePlan } from './describe-plan.ts'
import { findFlatRanges, rankPurchases, reviewPlan } from './explain-plan.ts'
import { type Link, planValue, type ValueNode } from './value-tree.ts'

const ads: Link = { name: 'ads', curve: exponentialCurve({ max: 100, scale: 20 }), max: 20 }
const labels: Link = { name: 'labels', curve: exponentialCurve({ max: 80, scale: 40 }) }
const twoChannels: ValueNode = { combine: 'sum', parts: [ads, labels] }

describe('the next purchase', () => {
  const chain: ValueNode = {
    combine: 'product',
    scale: 1000,
    parts: [
      { name: 'quality', curve: hillCurve({ max: 1, half: 20, shape: 1 }) },
      { name: 'reach', curve: hillCurve({ max: 1, half: 30, shape: 2 }) },
      { name: 'team', curve: hillCurve({ max: 1, half: 10, shape: 1.5 }), lump: 8, max: 24 },
    ],
  }

  it('is the link with the largest forward difference of the value', () => {
    const today = { quality: 30, reach: 10, team: 8 }
    const ranked = rankPurchases(chain, today, 10)
    const gains = ranked.map(({ name, cost }) => {
      const after = { ...today, [name]: today[name as keyof typeof today] + cost }
      return planValue(chain, after) - planValue(chain, today)
    })
    expect(ranked.map(({ gain }) => gain)).toBeClose(gains, { relative: 1e-12 })
    expect(ranked[0]).toMatchObject({ name: 'reach', cost: 10, gain: Math.max(...gains) })
    expect(ranked.find(({ name }) => name === 'team')?.cost).toBe(8)
  })

  it('leaves out what is full, and what costs more than there is', () => {
    const names = (size: number, team: number) =>
      rankPurchases(chain, { quality: 30, reach: 10, team }, size).map(({ name }) => name)
    expect(names(10, 24)).toEqual(['reach', 'quality'])
    expect(names(5, 8)).toEqual(['reach', 'quality'])
  })
})

describe('a flat optimum', () => {
  it('is printed as the range in which half a percent of the value is lost at most', () => {
    const root: ValueNode = {
      combine: 'sum',
      parts: [
        { name: 'a', curve: powerCurve({ gain: 3, exponent: 0.9 }) },
        { name: 'b', curve: powerCurve({ gain: 3, exponent: 0.9 }) },
      ],
    }
    const plan = allocate(root, 100)
    const [range] = findFlatRanges(root, plan)
    expect(range?.name).toBe('a')
    expect(range?.from).toBeLessThan(40)
    expect(range?.to).toBeGreaterThan(60)
    for (const x of [range?.from as number, range?.to as number])
      expect(planValue(root, { a: x, b: 100 - x }) / plan.value).toBeClose(0.995, { absolute: 1e-6 })
  })

  it('is not claimed where a fifth more or less costs more than that', () => {
    const plan = allocate(twoChannels, 30)
    expect(findFlatRanges(twoChannels, plan)).toEqual([])
  })
})

describe('a plan beside what is spent today', () => {
  it('that is the same says which bound holds it, the best move beyond it and what that would bring', () => {
    const plan = allocate(twoChannels, 40)
    const review = reviewPlan(twoChannels, plan, { ads: 20, labels: 20 })
    expect(review).toMatchObject({ unchanged: true, gain: 0, binding: ['ads'] })
    const unbound = allocate({ combine: 'sum', parts: [{ ...ads, max: Number.POSITIVE_INFINITY }, labels] }, 40)
    expect(review.beyondBounds).toMatchObject({ from: 'labels', to: 'ads' })
    expect(review.beyondBounds?.amount).toBeClose((unbound.spend.ads as number) - 20, { relative: 1e-9 })
    expect(review.beyondBounds?.gain).toBeClose(unbound.value - plan.value, { relative: 1e-9 })
    expect(describePlan(twoChannels, plan, review)).toMatchInlineSnapshot(`
      [
        "One more unit of budget raises value by 1.213: more than it costs.",
        "ads is held at its most, 20: a unit more of room there is worth 0.6263.",
        "The split is the best there is (one price for all links).",
        "The plan is what is spent today: the bounds of ads hold it there.",
        "Outside of the bounds: 5.551 from labels to ads and the best split would add 1.693 (1.788 %).",
      ]
    `)
  })

  it('that differs says what it adds', () => {
    const plan = allocate(twoChannels, 40)
    const review = reviewPlan(twoChannels, plan, { ads: 5, labels: 35 })
    expect(review.unchanged).toBe(false)
    expect(review.gain).toBeClose(plan.value - planValue(twoChannels, { ads: 5, labels: 35 }), { relative: 1e-12 })
    expect(describePlan(twoChannels, plan, review)).toContain(
      'Against what is spent today the plan adds 25.92 of value.',
    )
  })

  it('says of an S-curve how far from the best it may be, what is unspent, and what was never measured', () => {
    const root: ValueNode = {
      combine: 'sum',
      parts: [
        { name: 'launch', curve: hillCurve({ max: 9000, half: 4000, shape: 3 }), max: 9000, measuredMax: 2000 },
        { name: 'hire', curve: powerCurve({ gain: 1, exponent: 1 }), lump: 7000, max: 7000 },
      ],
    }
    expect(describePlan(root, allocate(root, 12_000))).toMatchInlineSnapshot(`
      [
        "One more unit of budget raises value by 1.209: more than it costs.",
        "launch: 5,000 is more than 1.5 times the largest spend ever measured there. Test with a smaller amount first.",
        "No split of this budget is worth 10.35 (0.07987 %) more than this one.",
      ]
    `)
  })
})
