/**
 * Who owns what of a company. Shares are whole (bigint). Money is in one currency, as numbers; a legal table counts it in
 * micro-units. Terms follow Y Combinator's post-money SAFE user guide.
 */
import { InvalidInputError } from '../../base/index.ts'

/** Whole shares of one holder before the round. */
export type Holding = {
  holder: string
  /** Stock and options, promised options among them; or the pool of options not yet given, `unissued`. */
  kind: 'stock' | 'options' | 'unissued'
  shares: bigint
}

/** A SAFE. At least a cap or a discount, unless it is most favoured: then it takes the terms of the best SAFE after it. */
export type Safe = {
  holder: string
  amount: number
  /** Valuation cap, of the company after all SAFEs convert (post) or before (pre). */
  cap?: { amount: number; basis: 'post-money' | 'pre-money' }
  /** 0.2: the holder pays 80 % of the round's price. */
  discount?: number
  mostFavoured?: boolean
}

/** What the round does to the pool of options not yet given. */
export type Pool =
  /** So many more shares in the pool. */
  | { kind: 'increase'; shares: bigint }
  /** The pool is this share of the company after the round; what is there already counts, and is not taken away. */
  | { kind: 'target'; share: number }

/**
 * What fixes the round's price: `pre-money`: value before / shares before, SAFEs not counted; `percentage`: new money has
 * its share of (value before + new money), so SAFEs dilute only those before; `dollars`: the money of the SAFEs counts as
 * invested beside the new.
 */
export type ConversionMethod = 'pre-money' | 'percentage' | 'dollars'

/** New money at a price. */
export type Round = {
  preMoney: number
  investors: readonly { holder: string; amount: number }[]
  /** @default no increase */
  pool?: Pool
  /** @default 'percentage' */
  method?: ConversionMethod
}

/** In the order of their dates. */
export type Company = { holdings: readonly Holding[]; safes: readonly Safe[] }

export type ShareTotals = { outstanding: bigint; unissued: bigint }

export function countShares(holdings: readonly Holding[]): ShareTotals {
  const sumOf = (wanted: boolean) =>
    holdings.reduce((sum, { kind, shares }) => ((kind === 'unissued') === wanted ? sum + shares : sum), 0n)
  return { outstanding: sumOf(false), unissued: sumOf(true) }
}

/** Throws InvalidInputError `equity.invalid-table` with every fault of the company and the round. */
export function checkCompany({ holdings, safes }: Company, round?: Round): void {
  const problems = [
    ...holdings.filter(({ shares }) => shares < 0n).map(({ holder, shares }) => `${holder} holds ${shares} shares`),
    ...(countShares(holdings).outstanding > 0n ? [] : ['nobody holds a share']),
    ...safes.flatMap((safe) => problemsOf(safe)),
    ...(round ? roundProblems(round) : []),
  ]
  if (problems.length === 0) return
  throw new InvalidInputError('equity.invalid-table', `The cap table cannot be: ${problems.join('; ')}.`, {
    hint: 'Correct the holdings, SAFEs and amounts named.',
    details: problems,
  })
}

function problemsOf({ holder, amount, cap, discount, mostFavoured }: Safe): string[] {
  const name = `the SAFE of ${holder}`
  return [
    ...(isPositive(amount) ? [] : [`${name} has an amount of ${amount}`]),
    ...(cap && !isPositive(cap.amount) ? [`${name} has a cap of ${cap.amount}`] : []),
    ...(discount !== undefined && !(discount >= 0 && discount < 1) ? [`${name} has a discount of ${discount}`] : []),
    ...(cap || discount !== undefined || mostFavoured ? [] : [`${name} has neither cap nor discount`]),
  ]
}

function roundProblems({ preMoney, investors, pool }: Round): string[] {
  return [
    ...(isPositive(preMoney) ? [] : [`the value before the round is ${preMoney}`]),
    ...investors.filter(({ amount }) => !isPositive(amount)).map(({ holder, amount }) => `${holder} invests ${amount}`),
    ...(pool?.kind === 'target' && !(pool.share >= 0 && pool.share < 1) ? [`the pool's target is ${pool.share}`] : []),
    ...(pool?.kind === 'increase' && pool.shares < 0n ? [`the pool grows by ${pool.shares} shares`] : []),
  ]
}

function isPositive(value: number): boolean {
  return value > 0 && Number.isFinite(value)
}
