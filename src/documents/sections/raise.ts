import type { PlanReport } from '../../planning/index.ts'
import { type Block, type Section, table, text } from '../document.ts'
import { formatAmount, formatCount, formatMoneyAmount, formatShare } from '../format.ts'

export function composeRaise({ raise, forecast, currency }: PlanReport): Section | undefined {
  if (!raise) return undefined
  const money = (value: number) => formatMoneyAmount(value, currency)
  const { holders, safes, round } = raise
  const { p50, p80, p90 } = forecast.facts.raiseNeeded
  return {
    title: 'Raise',
    blocks: [
      text(
        `Money that is missing, with decided financing only and six months of cost left at the lowest point: P50 ${money(p50)}, P80 ${money(p80)}, P90 ${money(p90)}.`,
      ),
      ...table(
        ['SAFE', 'amount>', 'cap>', 'basis', 'discount>'],
        safes.map(({ holder, amount, cap, basis, discount }) => [
          holder,
          money(amount),
          cap === null ? '–' : money(cap),
          basis ?? '–',
          formatShare(discount),
        ]),
      ),
      ...(round
        ? [
            text(
              `Priced round: ${money(round.invested)} at ${money(round.preMoney)} before the money, ${money(round.postMoney)} after, ${round.price} ${currency} a share ` +
                `(method ${round.method}; ${formatCount(round.totalShares)} shares fully diluted).`,
            ),
          ]
        : []),
      ...table(
        ['holder', 'kind', 'shares before>', 'owns before>', 'shares after>', 'owns after>', 'diluted by>'],
        holders.map(({ holder, kind, sharesBefore, before, sharesAfter, after }) => [
          holder,
          kind,
          formatCount(sharesBefore),
          formatShare(before),
          formatCount(sharesAfter),
          formatShare(after),
          after < before ? formatShare(1 - after / before) : '–',
        ]),
      ),
      ...sizeOfRaise(raise, money),
      {
        kind: 'chart',
        chart: {
          kind: 'bars',
          title: 'Who owns how much',
          unit: '% of the company, fully diluted',
          groups: ['before', 'after'],
          bars: holders.map(({ holder, before, after }) => ({ name: holder, values: [100 * before, 100 * after] })),
        },
      },
    ],
  }
}

function sizeOfRaise({ size }: NonNullable<PlanReport['raise']>, money: (value: number) => string): Block[] {
  if (!size) return []
  const { amount, amountMax, kept, worth, priceOfCapital, valueOverPostMoney, flat, capital } = size
  if (amount === 0)
    return [text('Best size of the round: none. Money adds less to the founders’ share than it takes of it.')]
  const range = `anything from ${money(flat.from)} to ${money(flat.to)} is as good within 0.5 %`
  const end =
    amount >= amountMax * (1 - 1e-9) ? ` That is the largest size looked at: at this price even more would pay.` : ''
  return [
    text(
      `Best size of the round for those who hold shares before it: ${money(amount)} (${range}), on top of a budget of ${money(capital)}. ` +
        `They keep ${formatShare(kept)}, worth ${money(worth)}; price of capital ${formatAmount(priceOfCapital)}, value over post-money ${formatAmount(valueOverPostMoney)}.${end}`,
    ),
  ]
}
