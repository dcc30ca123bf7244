import type { HiringReport, PlanReport } from '../../planning/index.ts'
import { type Block, list, type Section, table, text } from '../document.ts'
import { formatAmount, formatMoneyAmount, formatShare, nameMonth } from '../format.ts'

export function composeTeam({ team, currency, date }: PlanReport): Section | undefined {
  if (!team) return undefined
  const money = (value: number) => formatMoneyAmount(value, currency)
  const { facts, hopes } = team
  const lines = 'infeasible' in facts ? (hopes && 'roles' in hopes ? hopes.roles : []) : facts.roles
  return {
    title: 'Team',
    blocks: [
      ...table(
        [
          'role',
          'kind',
          'link',
          'at work>',
          'at most>',
          'costs a month>',
          'effect>',
          'next person>',
          'open source>',
          'lead>',
          'ramp',
        ],
        lines.map((role) => [
          role.role,
          role.kind,
          role.link,
          String(role.count),
          String(role.max),
          money(role.costPerMonth),
          formatShare(role.effect),
          formatShare(role.next),
          formatShare(role.openSourceShare),
          `${role.leadMonths} mo`,
          role.ramp.map(formatShare).join(', ') || 'none',
        ]),
      ),
      ...describeHiring('With decided money only', facts, money, date),
      ...(hopes ? describeHiring('With the money that is hoped for', hopes, money, date) : []),
    ],
  }
}

function describeHiring(
  when: string,
  plan: HiringReport | { infeasible: string },
  money: (value: number) => string,
  date: string,
): Block[] {
  if ('infeasible' in plan) return [text(`${when}: nobody can be hired. ${plan.infeasible}`)]
  const { order, roles, months, grossPerMonth, gain, upperBound, cashLowest } = plan
  const share = gain === 0 ? 0 : (upperBound - gain) / Math.abs(gain)
  return [
    text(
      order.length === 0
        ? `${when}: no hire pays within ${months} months.`
        : `${when}, hiring order over ${months} months (effects are shares of gross profit, ${money(grossPerMonth)} in a mean month; a gain is that of a mean month at work): ` +
            `adds ${money(gain)} to net money, at most ${formatShare(share)} below the best possible; cash never below ${money(cashLowest)}.`,
    ),
    ...table(
      ['hire', 'decide in', 'works from', 'adds a month>', 'costs a month>', 'per unit of cost>'],
      order.map(({ role, count, month, startsIn, gainPerMonth, costPerMonth }) => [
        count > 1 ? `${count} × ${role}` : role,
        nameMonth(date, month),
        nameMonth(date, startsIn),
        money(gainPerMonth),
        money(costPerMonth),
        formatAmount(gainPerMonth / costPerMonth),
      ]),
    ),
    ...list(
      roles
        .filter(({ max, count }) => max > count)
        .map(({ role, whyNoMore, hired, nextGainPerMonth, costPerMonth }) => {
          const next = `the next would add ${money(nextGainPerMonth)} a month at most and cost ${money(costPerMonth)}`
          return `${role}: ${hired} hired; ${whyNoMore} (${next}).`
        }),
    ),
  ]
}
