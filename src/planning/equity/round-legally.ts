/**
 * The round as the papers write it: prices rounded up to 5 decimals, shares to whole ones below, the pool to whole ones
 * above, all in bigint. The unrounded round stands beside it, so that the drift of each holder can be seen.
 */
import { assert, InvalidInputError } from '../../base/index.ts'
import { type Company, countShares, type Round } from './cap-table.ts'
import { solveRound, type UnroundedRound } from './solve-round.ts'

/** Prices are whole hundred-thousandths of the currency. */
const priceUnits = 100_000n
const microPerPriceUnit = 10n

/** A line of the cap table after the round. */
export type Position = {
  holder: string
  kind: 'stock' | 'options' | 'unissued' | 'safe' | 'new money'
  shares: bigint
  /** Share of the company, fully diluted. */
  ownership: number
  /** What the unrounded round gives, and the rounding's difference in shares. */
  unrounded: { shares: number; ownership: number }
  drift: number
}

/** The cap table after the round, in whole shares. */
export type LegalRound = {
  /** Five decimals, for example "1.11444". */
  price: string
  positions: Position[]
  /** The sum of all positions, exactly. */
  total: bigint
  unrounded: UnroundedRound
}

/** Throws what `solveRound` throws, and InvalidInputError `equity.price-too-small` where five decimals cannot write a price. */
export function roundLegally(company: Company, round: Round): LegalRound {
  const unrounded = solveRound(company, round)
  const price = roundPriceUp(unrounded.price, 'the round')
  const existing = countShares(company.holdings).unissued
  const wholePool = BigInt(Math.ceil(unrounded.pool - 1e-6))
  const pool = round.pool?.kind === 'target' ? wholePool : existing + (round.pool?.shares ?? 0n)
  const parts: Omit<Position, 'ownership' | 'drift'>[] = [
    ...company.holdings
      .filter(({ kind }) => kind !== 'unissued')
      .map(({ holder, kind, shares }) => part(holder, kind, shares, Number(shares))),
    part('option pool', 'unissued', pool, unrounded.pool),
    ...unrounded.safes.map((safe) =>
      part(safe.holder, 'safe', buyShares(safe.amount, roundPriceUp(safe.price, safe.holder)), safe.shares),
    ),
    ...round.investors.map(({ holder, amount }) =>
      part(holder, 'new money', buyShares(amount, price), amount / unrounded.price),
    ),
  ]
  const total = parts.reduce((sum, { shares }) => sum + shares, 0n)
  function part(holder: string, kind: Position['kind'], shares: bigint, exact: number) {
    return { holder, kind, shares, unrounded: { shares: exact, ownership: exact / unrounded.total } }
  }
  return {
    price: `${price / priceUnits}.${(price % priceUnits).toString().padStart(5, '0')}`,
    positions: parts.map((position) => ({
      ...position,
      ownership: Number(position.shares) / Number(total),
      drift: Number(position.shares) - position.unrounded.shares,
    })),
    total,
    unrounded,
  }
}

/** A price that is whole but for the last bits of a double is not rounded to the next. */
function roundPriceUp(price: number, of: string): bigint {
  const units = price * Number(priceUnits)
  if (units < 1) {
    throw new InvalidInputError('equity.price-too-small', `A share would cost ${price} for ${of}, below 0.00001.`, {
      hint: 'Combine shares first (a reverse split), so that a price can be written with five decimals.',
    })
  }
  return BigInt(Math.ceil(units * (1 - 1e-13)))
}

/** Whole shares that the money buys; the amount is taken to the micro-unit. */
function buyShares(amount: number, price: bigint): bigint {
  const micro = BigInt(Math.round(amount * 1e6))
  assert(price > 0n, 'internal: a price of 0')
  return micro / (price * microPerPriceUnit)
}
