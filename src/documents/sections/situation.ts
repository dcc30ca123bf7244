import type { PlanReport } from '../../planning/index.ts'
import { list, type Section, table, text } from '../document.ts'
import { formatMoneyAmount, formatShare, groupThousands } from '../format.ts'

export function composeSituation(report: PlanReport): Section {
  const { situation, currency, date } = report
  const { cash, cashFrom, ledger, revenue, costs, users, buffer } = situation
  const money = (value: number) => formatMoneyAmount(value, currency)
  const booked = ledger?.months ?? []
  return {
    title: 'Situation',
    blocks: [
      text(
        `On ${date} there are ${money(cash)} of cash (${cashFrom === 'the ledger' ? 'booked in the ledger' : 'stated in the plan'}). ` +
          `The plan starts with ${groupThousands(users.toFixed(0))} users, ${money(revenue)} of revenue and ${money(costs)} of costs a month` +
          `${revenue < costs ? `, that is ${money(costs - revenue)} less cash every month` : ''}.` +
          (buffer > 0 ? ` Below ${money(buffer)} it counts as ruined.` : ''),
      ),
      ...(ledger && cashFrom === 'the file' && ledger.cash !== undefined && Math.abs(ledger.cash - cash) > 0.005
        ? [text(`The ledger holds ${money(ledger.cash)} on Assets:Cash: ${money(ledger.cash - cash)} beside the plan.`)]
        : []),
      ...table(
        ['booked month', 'revenue>', 'expenses>'],
        booked.slice(-6).map(({ month, revenue, expenses }) => [month, money(revenue), money(expenses)]),
      ),
      ...list(
        ledger
          ? [
              `Booked so far by link: ${
                Object.entries(ledger.spendByLink)
                  .map(([link, spent]) => `${link} ${money(spent ?? 0)}`)
                  .join(', ') || 'nothing'
              }.`,
            ]
          : [],
      ),
    ],
  }
}

/** The models that were trained and measured here; undefined where there are none. */
export function composeProduct({ situation }: PlanReport): Section | undefined {
  const { models } = situation
  if (models.length === 0) return undefined
  return {
    title: 'Product',
    blocks: [
      text('Models as the registry measured them, on texts they were not trained on:'),
      ...table(
        ['task', 'version>', 'stage', 'score', '95 % interval', 'trained on>', 'tested on>', 'cost of the run>'],
        models.map(({ task, version, stage, score, trainExamples, cost }) => [
          task,
          String(version),
          stage,
          score ? `${score.name} ${formatShare(score.value)}` : '–',
          score ? `${formatShare(score.interval[0])} to ${formatShare(score.interval[1])}` : '–',
          trainExamples === null ? '–' : groupThousands(String(trainExamples)),
          score ? groupThousands(String(score.testExamples)) : '–',
          cost ?? '–',
        ]),
      ),
    ],
  }
}
