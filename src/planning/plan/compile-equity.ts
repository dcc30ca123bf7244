import type { VentureFile } from '../../contracts/index.ts'
import type { Company, Round, Safe } from '../equity/cap-table.ts'
import { solveRound } from '../equity/solve-round.ts'
import type { Quantity } from '../forecast/venture-plan.ts'
import { places } from './compile-forecast.ts'
import type { QuantityReader } from './read-quantities.ts'
import { attempt } from './read-venture.ts'

/** Who owns the venture, and the round that is planned. */
export type EquityModel = { company: Company; round?: Round }

/**
 * Amounts that are uncertain count with their means. A table that gives away more than the whole company is a problem at
 * the SAFEs or the round that does it.
 */
export function compileEquity(
  { equity }: VentureFile,
  { read, report, problems }: QuantityReader,
  expect: (quantity: Quantity) => number,
): EquityModel | undefined {
  if (equity === undefined || Object.keys(equity.holdings).length === 0) return undefined
  const before = problems.length
  const amountAt = (path: readonly string[], text: number | string, place: (typeof places)[keyof typeof places]) =>
    expect(read(['equity', ...path], text, place))
  const holdings = Object.entries(equity.holdings).map(([holder, { kind, shares }]) => ({
    holder,
    kind,
    shares: toWhole(amountAt(['holdings', holder, 'shares'], shares, places.shares)),
  }))
  const safes = Object.entries(equity.safes).map(
    ([holder, { amount, cap, basis, discount, mostFavoured }]): Safe => ({
      holder,
      amount: amountAt(['safes', holder, 'amount'], amount, places.spend),
      mostFavoured,
      ...(cap === undefined ? {} : { cap: { amount: amountAt(['safes', holder, 'cap'], cap, places.spend), basis } }),
      ...(discount === undefined ? {} : { discount: amountAt(['safes', holder, 'discount'], discount, places.share) }),
    }),
  )
  const company = { holdings, safes }
  const { round } = equity
  const taken = safes.reduce((sum, { amount, cap }) => sum + (cap?.basis === 'post-money' ? amount / cap.amount : 0), 0)
  if (taken >= 1)
    report(['equity', 'safes'], `SAFEs convert into ${(100 * taken).toFixed(1)} % of the company: more than all of it`)
  if (!round) return problems.length > before ? undefined : { company }
  const { target, increase } = round.pool ?? {}
  const planned: Round = {
    preMoney: amountAt(['round', 'preMoney'], round.preMoney, places.spend),
    investors: Object.entries(round.investors).map(([holder, amount]) => ({
      holder,
      amount: amountAt(['round', 'investors', holder], amount, places.spend),
    })),
    method: round.method,
    ...(target === undefined
      ? {}
      : { pool: { kind: 'target', share: amountAt(['round', 'pool', 'target'], target, places.share) } }),
    ...(increase === undefined
      ? {}
      : {
          pool: {
            kind: 'increase',
            shares: toWhole(amountAt(['round', 'pool', 'increase'], increase, places.shares)),
          },
        }),
  }
  if (problems.length > before) return undefined
  const solved = attempt(['equity', 'round'], problems, () => solveRound(company, planned))
  return solved ? { company, round: planned } : undefined
}

function toWhole(shares: number): bigint {
  return Number.isFinite(shares) ? BigInt(Math.round(shares)) : 0n
}
