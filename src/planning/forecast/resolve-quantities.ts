/** The quantities of a plan in every world: one list of paths with the rule of each, for checks, for inputs and for values. */
import { InvalidInputError, present } from '../../base/index.ts'
import { findBreach, type NumberRule } from '../check-numbers.ts'
import type { Draws } from '../simulation/draw-inputs.ts'
import { entriesOf, type Quantity, type VenturePlan } from './venture-plan.ts'

export type ResolvedPlan = {
  worlds: number
  /** Values of a quantity by its path, such as `segments.pro.revenuePerUser`. */
  valuesOf(path: string): Float64Array
}

type Slot = { path: string; quantity: Quantity; rule: NumberRule }

/** The inputs that a plan names. */
export function inputsOf(plan: VenturePlan): Set<string> {
  return new Set(slotsOf(plan).flatMap(({ quantity }) => (typeof quantity === 'string' ? [quantity] : [])))
}

/**
 * Throws InvalidInputError `plan.unknown-input` with every name that no input has, and `plan.invalid-quantity` with every
 * quantity that is missing or breaks its rule, also where only some draws do.
 */
export function resolveQuantities(plan: VenturePlan, draws: Draws, worlds: number): ResolvedPlan {
  const slots = slotsOf(plan)
  const unknown = slots.filter(({ quantity }) => typeof quantity === 'string' && !draws.has(quantity))
  if (unknown.length > 0) {
    const names = unknown.map(({ path, quantity }) => `${path} names ${quantity}`).join('; ')
    throw new InvalidInputError('plan.unknown-input', `The plan names inputs that are not there: ${names}.`, {
      hint: `The inputs are ${[...draws.keys()].join(', ') || 'none'}.`,
    })
  }
  const values = new Map(
    slots.map(({ path, quantity }) => [
      path,
      typeof quantity === 'string' ? present(draws.get(quantity), quantity) : new Float64Array(worlds).fill(quantity),
    ]),
  )
  const problems = [
    findBreach('months', plan.months, 'a whole number above 0'),
    ...slots.map(({ path, quantity, rule }) => {
      for (const value of values.get(path) ?? []) {
        const breach = findBreach(path, value, rule)
        if (breach) return typeof quantity === 'string' ? `${breach}, as input ${quantity} can be` : breach
      }
      return null
    }),
  ].filter((problem) => problem !== null)
  if (problems.length > 0) {
    throw new InvalidInputError('plan.invalid-quantity', `The plan cannot be: ${problems.join('; ')}.`, {
      hint: 'Give what is missing (NaN); an input that strays needs a distribution that cannot, such as lognormal for what is positive.',
      details: problems,
    })
  }
  return { worlds, valuesOf: (path) => present(values.get(path), path) }
}

/** What is not given has a value that changes nothing. */
function slotsOf(plan: VenturePlan): Slot[] {
  const slots: Slot[] = []
  const add = (path: string, quantity: Quantity | undefined, rule: NumberRule, otherwise = Number.NaN) =>
    slots.push({ path, quantity: quantity ?? otherwise, rule })
  const addList = (path: string, quantities: readonly Quantity[], rule: NumberRule) => {
    for (const [index, quantity] of quantities.entries()) add(`${path}.${index}`, quantity, rule)
  }
  const addFactors = (path: string, factors: readonly Quantity[] = []) =>
    addList(`${path}.factors`, factors, 'at least 0')
  add('cashAtStart', plan.cashAtStart, 'finite')
  add('buffer', plan.buffer, 'finite', 0)
  add('discountPerYear', plan.discountPerYear, 'at least 0', 0)
  add('exitMultiple', plan.exitMultiple, 'at least 0', 0)
  for (const [name, segment] of entriesOf(plan.segments)) {
    const path = `segments.${name}`
    add(`${path}.usersAtStart`, segment.usersAtStart, 'at least 0', 0)
    add(`${path}.renewalsAtStart`, segment.renewalsAtStart, 'at least 0', 0)
    if (segment.retention && 'churnPerMonth' in segment.retention) {
      add(`${path}.retention.churnPerMonth`, segment.retention.churnPerMonth, 'from 0 to 1')
    } else {
      add(`${path}.retention.alpha`, segment.retention?.alpha, 'positive')
      add(`${path}.retention.beta`, segment.retention?.beta, 'positive')
    }
    add(`${path}.revenuePerUser`, segment.revenuePerUser, 'at least 0')
    add(`${path}.expansionPerMonth`, segment.expansionPerMonth, 'finite', 0)
    add(`${path}.costPerUser`, segment.costPerUser, 'at least 0', 0)
    addFactors(path, segment.factors)
    for (const [channelName, channel] of entriesOf(segment.channels)) {
      const channelPath = `${path}.channels.${channelName}`
      addFactors(channelPath, channel.factors)
      if (channel.kind === 'steady') {
        add(`${channelPath}.usersPerMonth`, channel.usersPerMonth, 'at least 0')
        add(`${channelPath}.growthPerMonth`, channel.growthPerMonth, 'finite', 0)
      } else {
        add(`${channelPath}.spendPerMonth`, channel.spendPerMonth, 'at least 0')
        add(`${channelPath}.usersMax`, channel.usersMax, 'at least 0')
        add(`${channelPath}.halfSpend`, channel.halfSpend, 'positive')
        add(`${channelPath}.shape`, channel.shape, 'positive', 1)
      }
    }
  }
  for (const [name, cost] of entriesOf(plan.costs)) {
    addFactors(`costs.${name}`, cost.factors)
    add(`costs.${name}.perMonth`, cost.perMonth, 'finite')
    add(`costs.${name}.growthPerMonth`, cost.growthPerMonth, 'finite', 0)
  }
  for (const [name, { time, effects, next, openSource, ramp }] of entriesOf(plan.hires)) {
    const path = `hires.${name}`
    add(`${path}.time`, time, 'from 0 to 1')
    add(`${path}.next`, next, 'from 0 to 1')
    add(`${path}.openSource.share`, openSource.share, 'from 0 to 1')
    addList(`${path}.effects`, effects, 'at least 0')
    addList(`${path}.openSource.effects`, openSource.effects, 'at least 0')
    addList(`${path}.ramp`, ramp, 'from 0 to 1')
  }
  for (const [name, { amount }] of entriesOf(plan.financing)) add(`financing.${name}.amount`, amount, 'finite')
  return slots
}
