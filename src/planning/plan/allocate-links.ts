/**
 * The budget of a plan over its links: maximise V = E[gross profit] − spend. Curves are averaged over the draws of what is
 * uncertain in them, so that the value is what the split earns, and not what it would at the mean parameters.
 */
import { InvalidInputError } from '../../base/index.ts'
import type { PlanLink } from '../../contracts/index.ts'
import { type Allocation, allocate, type LinkPlan } from '../allocation/allocate.ts'
import { toAmountsMicro } from '../allocation/amounts.ts'
import { chooseBudget } from '../allocation/choose-budget.ts'
import { describePlan } from '../allocation/describe-plan.ts'
import {
  type FlatRange,
  findFlatRanges,
  type Purchase,
  type Review,
  rankPurchases,
  reviewPlan,
} from '../allocation/explain-plan.ts'
import { tabulateValue, toValueCurve } from '../allocation/tabulate-value.ts'
import { type Link, planValue, type ValueNode } from '../allocation/value-tree.ts'
import {
  averageCurve,
  exponentialCurve,
  hillCurve,
  logarithmicCurve,
  powerCurve,
  raiseCurve,
  type SpendCurve,
} from '../curves/spend-curve.ts'
import type { Quantity } from '../forecast/venture-plan.ts'
import type { Draws } from '../simulation/draw-inputs.ts'
import type { AllocationModel, Branch, LinkResponse } from './compile-allocation.ts'
import { expectedOf } from './read-quantities.ts'
import type { SplitForecast } from './split-forecast.ts'

/** Draws over which an uncertain curve is averaged: their number bounds the time of the search. */
const curveDraws = 64
/** Points of V*(B) that are kept. */
const curvePoints = 80

export type AllocatedLink = LinkPlan & {
  link: PlanLink
  /** As it is written in the plan. */
  curve: string
  today: number
  min: number
  max: number | null
  amountMicro: bigint
}

export type AllocationReport = Omit<Allocation, 'links' | 'spend'> & {
  budgetFrom: 'allocation.budget' | 'the costs of the plan'
  /** Value at which every response curve is 1, and what it comes from. */
  scale: { value: number; from: 'allocation.potential' | 'the forecast'; grossValue: number }
  tree: string
  links: AllocatedLink[]
  /** value − budget. */
  profit: number
  /** Of what the plan spends without being changed. */
  today: { spend: number; value: number }
  review: Review
  flat: FlatRange[]
  /** What the next purchase of this size brings, the best first. */
  next: { size: number; purchases: Purchase[] }
  /** V*(B), and the price of capital along it. */
  curve: { budgets: number[]; values: number[]; shadowPrices: number[] }
  /** The budget of the largest profit within the curve. */
  best: { budget: number; profit: number; shadowPrice: number; atLargest: boolean }
  sentences: string[]
}

/** `bestValue`: what the venture is worth with so much capital, spent or kept. */
export type AllocatedPlan = { report: AllocationReport; bestValue: (capital: number) => number }

export function allocateLinks(
  model: AllocationModel,
  { draws, split, capitalMax }: { draws: Draws; split: SplitForecast; capitalMax: number },
): AllocatedPlan {
  const expect = (quantity: Quantity) => expectedOf(quantity, draws)
  const today = Object.fromEntries(model.links.map((link) => [link.name, todayOf(link, model, split, expect)]))
  const spent = sumOf(Object.values(today))
  const budget = model.budget === undefined ? spent : expect(model.budget)
  if (!(budget > 0)) {
    throw new InvalidInputError(
      'venture.no-budget',
      'There is no budget to allocate: the costs of the links add up to 0.',
      {
        hint: 'Give allocation.budget, or costs to the links that the allocation names.',
        details: { path: ['allocation'] },
      },
    )
  }
  const curves = new Map(model.links.map((link) => [link.name, createCurve(link, draws)]))
  const links = new Map(
    model.links.map((link) => [link.name, toLink(link, curves.get(link.name) as SpendCurve, expect)]),
  )
  const shape = toNode(model.tree, links)
  const scale = scaleOf(model, { shape, today, split, expect })
  const root = scaled(shape, scale.value)
  const rangeMax = Math.max(2 * budget, budget + capitalMax)
  const table = tabulateValue(root, { budgetMax: rangeMax })
  const plan = allocate(root, budget, { table: tabulateValue(root, { budgetMax: budget }) })
  const choice = chooseBudget(root, { budgetMax: rangeMax, table })
  const review = reviewPlan(root, plan, today)
  const size = model.purchase === undefined ? budget / 20 : expect(model.purchase)
  const amounts = toAmountsMicro(plan.spend, BigInt(Math.floor(budget * 1e6)))
  const { spend: _, ...rest } = plan
  const full = toValueCurve(table)
  return {
    report: {
      ...rest,
      budgetFrom: model.budget === undefined ? 'the costs of the plan' : 'allocation.budget',
      scale,
      tree: describeTree(model.tree),
      links: plan.links.map((line) => {
        const link = model.links.find(({ name }) => name === line.name) as LinkResponse
        return {
          ...line,
          link: link.link,
          curve: link.curve.text,
          today: today[line.name] as number,
          min: expect(link.min ?? 0),
          max: link.max === undefined ? null : expect(link.max),
          amountMicro: amounts[line.name] ?? 0n,
        }
      }),
      profit: plan.value - budget,
      today: { spend: spent, value: planValue(root, today) },
      review,
      flat: findFlatRanges(root, plan),
      next: { size, purchases: rankPurchases(root, plan.spend, size) },
      curve: thin(full),
      best: {
        budget: choice.budget,
        profit: choice.profit,
        shadowPrice: choice.allocation.shadowPrice,
        atLargest: choice.atLargest,
      },
      sentences: describePlan(root, plan, review),
    },
    bestValue: createBestValue(full),
  }
}

/** Where one part alone stands for a link of the plan, what the plan spends there; else it has to be said. */
function todayOf(
  link: LinkResponse,
  { links }: AllocationModel,
  { spendByLink }: SplitForecast,
  expect: (quantity: Quantity) => number,
): number {
  if (link.today !== undefined) return expect(link.today)
  const parts = links.filter((other) => other.link === link.link)
  return parts.length === 1 ? spendByLink[link.link] : 0
}

function createCurve({ curve, weight, floor }: LinkResponse, draws: Draws): SpendCurve {
  const quantities = { ...curve.parameters, weight, floor }
  const isCertain = Object.values(quantities).every((quantity) => typeof quantity === 'number')
  const at = (draw: number) => {
    const values = Object.fromEntries(
      Object.entries(quantities).map(([name, quantity]) => [
        name,
        typeof quantity === 'number' ? quantity : (draws.get(quantity)?.[draw] as number),
      ]),
    ) as Record<string, number>
    return raiseCurve(createShape(curve.kind, values), { floor: values.floor ?? 0, weight: values.weight ?? 1 })
  }
  if (isCertain) return at(0)
  const count = Math.min(curveDraws, [...draws.values()][0]?.length ?? 1)
  return averageCurve(Array.from({ length: count }, (_, draw) => at(draw)))
}

/** A curve that reaches 1 at its best, where it has one. */
function createShape(kind: LinkResponse['curve']['kind'], values: Readonly<Record<string, number>>): SpendCurve {
  const { half = 1, shape = 1, scale = 1, exponent = 1 } = values
  switch (kind) {
    case 'hill':
      return hillCurve({ max: 1, half, shape })
    case 'exponential':
      return exponentialCurve({ max: 1, scale })
    case 'logarithmic':
      return logarithmicCurve({ gain: 1, scale })
    case 'power':
      return powerCurve({ gain: 1, exponent })
  }
}

function toLink(link: LinkResponse, curve: SpendCurve, expect: (quantity: Quantity) => number): Link {
  const { name, min, max, lump, measured } = link
  return {
    name,
    curve,
    ...(min === undefined ? {} : { min: expect(min) }),
    ...(max === undefined ? {} : { max: expect(max) }),
    ...(lump === undefined ? {} : { lump: expect(lump) }),
    ...(measured === undefined ? {} : { measuredMax: expect(measured) }),
  }
}

function toNode(branch: Branch, links: ReadonlyMap<string, Link>): ValueNode {
  if (typeof branch === 'string') return links.get(branch) as Link
  return { combine: branch.combine, parts: branch.parts.map((part) => toNode(part, links)) }
}

function scaled(node: ValueNode, scale: number): ValueNode {
  return 'curve' in node ? { combine: 'product', parts: [node], scale } : { ...node, scale }
}

/** Either what the plan says the best is worth, or so that today's spend is worth what the forecast says. */
function scaleOf(
  { potential, links }: AllocationModel,
  context: {
    shape: ValueNode
    today: Readonly<Record<string, number>>
    split: SplitForecast
    expect: (quantity: Quantity) => number
  },
): AllocationReport['scale'] {
  const { shape, today, split, expect } = context
  const { grossValue } = split
  if (potential !== undefined) return { value: expect(potential), from: 'allocation.potential', grossValue }
  const reached = planValue(shape, today)
  const value = grossValue / reached
  if (value > 0 && Number.isFinite(value)) return { value, from: 'the forecast', grossValue }
  const unspent = links.filter(({ name }) => !((today[name] as number) > 0)).map(({ name }) => name)
  const why =
    grossValue > 0
      ? `what is planned today has no effect (nothing is spent on ${unspent.join(', ')})`
      : `the forecast has a gross profit of ${grossValue}`
  throw new InvalidInputError('venture.no-value', `The value of the links cannot be taken from the forecast: ${why}.`, {
    hint: 'Give allocation.potential, a floor or a spend of today to the links, or a price above the cost of serving.',
    details: { path: ['allocation'] },
  })
}

function describeTree(branch: Branch): string {
  if (typeof branch === 'string') return branch
  return `(${branch.parts.map(describeTree).join(branch.combine === 'sum' ? ' + ' : ' × ')})`
}

/** V*(B) + what is kept, at the best B within the capital; between the points of the table it is straight. */
function createBestValue({ budgets, values }: { budgets: Float64Array; values: Float64Array }) {
  const excess: number[] = []
  let most = Number.NEGATIVE_INFINITY
  budgets.forEach((budget, j) => {
    most = Math.max(most, (values[j] as number) - budget)
    excess.push(most)
  })
  const first = budgets[0] as number
  const step = budgets.length > 1 ? (budgets[1] as number) - first : 1
  return (capital: number) => {
    const at = Math.min(budgets.length - 1, Math.max(0, (capital - first) / step))
    const j = Math.min(budgets.length - 1, Math.floor(at))
    const next = Math.min(budgets.length - 1, j + 1)
    const [low, high] = [excess[j] as number, excess[next] as number]
    return capital + low + (at - j) * (high - low)
  }
}

function thin(curve: { budgets: Float64Array; values: Float64Array; shadowPrices: Float64Array }) {
  const last = curve.budgets.length - 1
  const indices = [
    ...new Set(Array.from({ length: curvePoints }, (_, i) => Math.round((i * last) / (curvePoints - 1)))),
  ]
  const pick = (values: Float64Array) => indices.map((i) => values[i] as number)
  return { budgets: pick(curve.budgets), values: pick(curve.values), shadowPrices: pick(curve.shadowPrices) }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
