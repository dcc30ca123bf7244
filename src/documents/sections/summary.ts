import type { HiringReport, Outlook, PlanReport } from '../../planning/index.ts'
import { list, type Section } from '../document.ts'
import { formatAmount, formatMoneyAmount, formatMonth, formatShare, nameMonth } from '../format.ts'
import { describeNextExperiment } from './sensitivity.ts'

/** The answers that a founder looks for first; the sections behind have what they rest on. */
export function composeSummary(report: PlanReport): Section {
  return {
    title: 'In short',
    blocks: list([
      ...describeSpending(report),
      describeCash(report),
      ...describeChoice(report),
      ...describeNextExperiment(report.forecast, report.currency),
      ...describeHires(report),
    ]),
  }
}

function describeSpending({ allocation, currency }: PlanReport): string[] {
  if (!allocation) return []
  const money = (value: number) => formatMoneyAmount(value, currency)
  const { next, today, budget, value, links } = allocation
  const best = next.purchases[0]
  const moves = links
    .map(({ name, spend, today: now }) => ({ name, change: spend - now }))
    .filter(({ change }) => Math.abs(change) > 0.01 * budget)
    .sort((one, other) => Math.abs(other.change) - Math.abs(one.change))
    .map(({ name, change }) => `${name} ${change > 0 ? '+' : '−'}${money(Math.abs(change))}`)
  return [
    ...(moves.length > 0
      ? [
          `The best split of ${money(budget)} is worth ${money(value)}, where today's ${money(today.spend)} are worth ${money(today.value)}: ${moves.join(', ')}.`,
        ]
      : [`Today's split of ${money(budget)} is the best, within 1 % of it for each link.`]),
    ...(best
      ? [
          `On top of the best split, the next ${money(best.cost)} do most on ${best.name}: they bring ${money(best.gain)}` +
            `${best.gain > best.cost ? '.' : ', less than they cost.'}`,
        ]
      : []),
  ]
}

function describeCash({ forecast: { facts, hopes }, situation, date, currency }: PlanReport): string {
  const end = ({ ruinByMonth }: Outlook) => formatShare(ruinByMonth.at(-1))
  const below = situation.buffer > 0 ? `falls below ${formatMoneyAmount(situation.buffer, currency)}` : 'runs out'
  return (
    `Cash ${below} within the plan in ${end(facts)} of the draws with facts only, and in ${end(hopes)} with hopes; ` +
    `revenue meets costs from ${formatMonth(date, facts.breakEven.p50, 'no month of the plan')} on with facts only, by the median.`
  )
}

function describeChoice({ forecast: { plans, chosen }, plan, currency }: PlanReport): string[] {
  const best = plans.find(({ name }) => name === chosen)
  if (!best || plans.length < 2) return []
  const nameOf = (name: string) => (name === 'base' ? plan : name)
  const others = plans.filter(({ name }) => name !== chosen).map(({ name }) => nameOf(name))
  const gain = best.againstBase
  const isSure = gain && gain.meanDifference > 2 * gain.standardError
  return [
    `Of the plans, ${nameOf(chosen)} is worth most: ${formatMoneyAmount(best.value.mean, currency)} in the mean, before ${others.join(', ')}` +
      `${gain && !isSure ? `, though by no more than chance over ${plan} (${formatAmount(gain.meanDifference)} ± ${formatAmount(gain.standardError)})` : ''}.`,
  ]
}

function describeHires({ team, date }: PlanReport): string[] {
  if (!team) return []
  const hires = (plan: NonNullable<PlanReport['team']>['hopes']) =>
    plan && 'order' in plan && plan.order.length > 0 ? nameHires(plan, date) : 'nobody'
  return [
    `Hire ${hires(team.facts)} with decided money${team.hopes ? `, and ${hires(team.hopes)} with what is hoped for` : ''}.`,
  ]
}

function nameHires({ order }: HiringReport, date: string): string {
  return order
    .map(({ role, count, startsIn }) => `${count > 1 ? `${count} × ` : ''}${role} from ${nameMonth(date, startsIn)}`)
    .join(', ')
}
