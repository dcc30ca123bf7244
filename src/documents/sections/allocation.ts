import type { AllocationReport, PlanReport } from '../../planning/index.ts'
import { list, type Section, table, text } from '../document.ts'
import { formatAmount, formatMoneyAmount, groupThousands } from '../format.ts'

export function composeAllocation({ allocation, currency }: PlanReport): Section | undefined {
  if (!allocation) return undefined
  const money = (value: number | null) => formatMoneyAmount(value, currency)
  const { budget, budgetFrom, links, value, profit, today, scale, tree, curve, best, next } = allocation
  return {
    title: 'Allocation',
    blocks: [
      text(
        `${money(budget)} (from ${budgetFrom}) over the links, so that expected gross profit less the spend is largest. ` +
          `Value = ${money(scale.value)} × ${tree}, where ${money(scale.value)} is ${
            scale.from === 'the forecast'
              ? `set so that today's spend is worth the forecast's discounted gross profit of ${money(scale.grossValue)}`
              : 'the potential that the plan states'
          }.`,
      ),
      ...table(
        ['link', 'today>', 'best split>', 'exact>', 'next unit adds>', 'bound', 'curve'],
        links.map((link) => [
          link.name === link.link ? link.name : `${link.name} (${link.link})`,
          money(link.today),
          money(link.spend),
          exactUnits(link.amountMicro),
          formatAmount(link.marginal),
          boundOf(link, money),
          link.curve,
        ]),
      ),
      text(
        `Value ${money(value)} for ${money(budget)}: V = ${money(profit)}. ` +
          `Today's spend of ${money(today.spend)} is worth ${money(today.value)}: V = ${money(today.value - today.spend)}.`,
      ),
      ...list([
        ...allocation.sentences,
        `Price of capital ${formatAmount(allocation.shadowPrice)}; optimality gap ${money(allocation.gap)}.`,
        describeBest(allocation, money),
      ]),
      ...table(
        [`next ${money(next.size)} on`, 'costs>', 'brings>', 'per unit>'],
        next.purchases.map(({ name, cost, gain, gainPerUnit }) => [
          name,
          money(cost),
          money(gain),
          formatAmount(gainPerUnit),
        ]),
      ),
      ...table(
        ['budget B>', 'V*(B)>', 'V*(B) - B>', 'price of capital>'],
        pick(curve.budgets.length).map((i) => [
          money(curve.budgets[i] as number),
          money(curve.values[i] as number),
          money((curve.values[i] as number) - (curve.budgets[i] as number)),
          formatAmount(curve.shadowPrices[i] as number),
        ]),
      ),
      {
        kind: 'chart',
        chart: {
          kind: 'lines',
          title: 'Best value by budget',
          unit: currency,
          xUnit: `budget in ${currency}`,
          x: curve.budgets,
          series: [
            { name: 'V*(B)', y: curve.values },
            { name: 'V*(B) - B', y: curve.values.map((v, i) => v - (curve.budgets[i] as number)) },
          ],
          marks: [
            { x: budget, name: 'planned' },
            { x: best.budget, name: 'best' },
          ],
        },
      },
      {
        kind: 'chart',
        chart: {
          kind: 'bars',
          title: 'Spend by link',
          unit: currency,
          groups: ['today', 'best split'],
          bars: links.map(({ name, today, spend }) => ({ name, values: [today, spend] })),
        },
      },
    ],
  }
}

function boundOf(
  { binds, boundPrice, min, max }: AllocationReport['links'][number],
  money: (value: number | null) => string,
) {
  if (binds === undefined) return '–'
  return `${binds === 'max' ? `at most ${money(max)}` : `at least ${money(min)}`}, room worth ${formatAmount(boundPrice)}`
}

function describeBest({ best, curve }: AllocationReport, money: (value: number) => string): string {
  if (best.atLargest) {
    return `Every budget up to ${money(curve.budgets.at(-1) as number)} is worth more than it costs: the best is beyond.`
  }
  return best.budget === 0
    ? 'No budget is worth what it costs.'
    : `The best budget of all is ${money(best.budget)}, with V = ${money(best.profit)}.`
}

/** A handful of points along the curve, the ends among them. */
function pick(count: number): number[] {
  return [...new Set(Array.from({ length: 6 }, (_, i) => Math.round((i * (count - 1)) / 5)))]
}

function exactUnits(amountMicro: bigint): string {
  const cents = amountMicro / 10_000n
  return `${groupThousands((cents / 100n).toString())}.${(cents % 100n).toString().padStart(2, '0')}`
}
