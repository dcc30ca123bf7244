import { type RaiseSize, sizeRaise } from '../equity/raise-size.ts'
import { type Position, roundLegally } from '../equity/round-legally.ts'
import type { EquityModel } from './compile-equity.ts'

export type Dilution = {
  holder: string
  kind: Position['kind']
  sharesBefore: bigint
  /** Fully diluted, SAFEs not yet converted. */
  before: number
  sharesAfter: bigint
  after: number
}

export type RaiseReport = {
  holders: Dilution[]
  safes: { holder: string; amount: number; cap: number | null; basis: string | null; discount: number | null }[]
  round: {
    preMoney: number
    invested: number
    postMoney: number
    /** With five decimals, as papers have it. */
    price: string
    totalShares: bigint
    method: string
  } | null
  /** The size that makes the founders' share worth most; null without a round or an allocation. */
  size: (RaiseSize & { amountMax: number; capital: number }) | null
}

/** Cap table before and after the round; `bestValue` is that of the allocation. */
export function reportRaise(
  { company, round }: EquityModel,
  options: { bestValue: ((capital: number) => number) | undefined; capital: number; amountMax: number },
): RaiseReport {
  const total = company.holdings.reduce((sum, { shares }) => sum + shares, 0n)
  const legal = round ? roundLegally(company, round) : undefined
  const nameOf = ({ holder, kind }: { holder: string; kind: string }) => (kind === 'unissued' ? 'option pool' : holder)
  const positions = legal?.positions ?? []
  const shareOf = (shares: bigint) => Number(shares) / Number(total)
  const held = company.holdings
    .filter(({ kind }) => kind !== 'unissued')
    .map(({ holder, kind, shares }) => ({ holder, kind, shares }))
  const pool = company.holdings.filter(({ kind }) => kind === 'unissued').reduce((sum, { shares }) => sum + shares, 0n)
  const before = [...held, ...(pool > 0n ? [{ holder: 'option pool', kind: 'unissued' as const, shares: pool }] : [])]
  const after = positions.filter(({ shares, holder }) => shares > 0n || before.some((one) => one.holder === holder))
  const lines = legal ? after : before
  const { bestValue, capital, amountMax } = options
  const invested = round?.investors.reduce((sum, { amount }) => sum + amount, 0) ?? 0
  return {
    holders: lines.map((line): Dilution => {
      const holder = nameOf(line)
      const there = before.find((one) => one.holder === holder && one.kind === line.kind)?.shares ?? 0n
      const position = positions.find((one) => one.holder === holder && one.kind === line.kind)
      return {
        holder,
        kind: line.kind,
        sharesBefore: there,
        before: shareOf(there),
        sharesAfter: position?.shares ?? there,
        after: position?.ownership ?? shareOf(there),
      }
    }),
    safes: company.safes.map(({ holder, amount, cap, discount }) => ({
      holder,
      amount,
      cap: cap?.amount ?? null,
      basis: cap?.basis ?? null,
      discount: discount ?? null,
    })),
    round:
      round && legal
        ? {
            preMoney: round.preMoney,
            invested,
            postMoney: round.preMoney + invested,
            price: legal.price,
            totalShares: legal.total,
            method: round.method ?? 'percentage',
          }
        : null,
    size:
      round && bestValue
        ? { ...sizeRaise({ bestValue, capital, preMoney: round.preMoney, amountMax }), amountMax, capital }
        : null,
  }
}
