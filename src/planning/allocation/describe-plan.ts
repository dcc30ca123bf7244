/** A plan in sentences. What the terms mean is in docs/planning.md; money is printed in units of the plan's currency. */
import type { Allocation, LinkPlan } from './allocate.ts'
import { findFlatRanges, type Review } from './explain-plan.ts'
import { listLinks, type ValueNode } from './value-tree.ts'

/** The lines below the table of a plan: price of capital, slack, bounds, flat and extrapolated links, certificate, changes. */
export function describePlan(root: ValueNode, plan: Allocation, review?: Review): string[] {
  return [
    describePrice(root, plan),
    ...(plan.slack > 0
      ? [`${amount(plan.slack)} of the budget stays unspent: within the bounds it buys nothing.`]
      : []),
    ...plan.links.filter(({ binds }) => binds !== undefined).map(describeBound),
    ...findFlatRanges(root, plan).map(
      ({ name, from, to }) =>
        `${name}: anything from ${amount(from)} to ${amount(to)} is as good (within 0.5 % of the value).`,
    ),
    ...plan.links.filter(({ extrapolates }) => extrapolates).map(describeExtrapolation),
    describeGap(plan),
    ...(review ? describeReview(plan, review) : []),
  ]
}

function describePrice(root: ValueNode, { shadowPrice, spend }: Allocation): string {
  const waits = listLinks(root).some(({ name, lump, max = Number.POSITIVE_INFINITY }) => {
    return lump !== undefined && (spend[name] ?? 0) + lump <= max
  })
  if (shadowPrice === 0 && waits)
    return 'One more unit of budget buys no whole lump: see what the next purchase would bring.'
  const raises = `One more unit of budget raises value by ${amount(shadowPrice)}`
  if (Math.abs(shadowPrice - 1) < 5e-5) return `${raises}: what it costs.`
  return shadowPrice > 1
    ? `${raises}: more than it costs.`
    : `${raises}: less than it costs. Keep the cash, and raise none for this.`
}

function describeBound({ name, binds, spend, boundPrice }: LinkPlan): string {
  return binds === 'max'
    ? `${name} is held at its most, ${amount(spend)}: a unit more of room there is worth ${amount(boundPrice)}.`
    : `${name} is held at its least, ${amount(spend)}: a unit moved away from there is worth ${amount(boundPrice)}.`
}

function describeExtrapolation({ name, spend }: LinkPlan): string {
  return `${name}: ${amount(spend)} is more than 1.5 times the largest spend ever measured there. Test with a smaller amount first.`
}

function describeGap({ engine, gap, value }: Allocation): string {
  if (engine !== 'grid') return 'The split is the best there is (one price for all links).'
  const share = value === 0 ? 0 : (100 * gap) / Math.abs(value)
  return `No split of this budget is worth ${amount(gap)} (${amount(share)} %) more than this one.`
}

function describeReview(plan: Allocation, { unchanged, gain, binding, beyondBounds }: Review): string[] {
  const why = binding.length > 0 ? `the bounds of ${binding.join(', ')} hold it there` : 'no other split is worth more'
  const first = unchanged
    ? `The plan is what is spent today: ${why}.`
    : `Against what is spent today the plan adds ${amount(gain)} of value.`
  if (!beyondBounds) return [first]
  const { from, to, amount: moved, gain: beyond } = beyondBounds
  const share = plan.value === 0 ? '' : ` (${amount((100 * beyond) / Math.abs(plan.value))} %)`
  return [
    first,
    `Outside of the bounds: ${amount(moved)} from ${from} to ${to} and the best split would add ${amount(beyond)}${share}.`,
  ]
}

/** Four significant digits below a thousand, whole units from there, in groups of three; the same in every locale. */
function amount(value: number): string {
  const size = Math.abs(value)
  if (size < 1000) return String(Number(value.toPrecision(4)))
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',')
}
