/**
 * The priced round in which SAFEs convert, unrounded. One unknown, T, the fully diluted shares after the round: all else is
 * affine in T or the largest of affine functions, and g(T) = T - shares that T implies is concave. With a last slope
 * above 0 it rises everywhere and has one root, which Newton's steps from below reach exactly, piece by piece.
 */
import { InvalidInputError, present } from '../../base/index.ts'
import { type Company, checkCompany, countShares, type Round, type Safe } from './cap-table.ts'

/** slope·T + at */
type Affine = { slope: number; at: number }

/** What became of a SAFE. */
export type SafeConversion = {
  holder: string
  amount: number
  shares: number
  /** Money per share that this holder paid. */
  price: number
  by: 'cap' | 'discount' | 'round price'
  /** Whose SAFE's terms a most favoured one took. */
  termsOf: string
}

/** The round in exact proportions. */
export type UnroundedRound = {
  price: number
  /** Fully diluted shares after the round. */
  total: number
  /** Company capitalization that a post-money cap is divided by: before the round, all SAFEs converted. */
  postMoneyCapitalization: number
  safes: SafeConversion[]
  newShares: number
  /** Unissued options after the round. */
  pool: number
}

/**
 * Throws InvalidInputError `equity.invalid-table`, and `equity.convertibles-take-all` where SAFEs, pool and new money would
 * own the whole company or more.
 */
export function solveRound(company: Company, round: Round): UnroundedRound {
  checkCompany(company, round)
  const model = createModel(company, round)
  const last = model.piecesAt(Infinity)
  if (last.gap.slope <= 1e-12) throw takesAll(company, round)
  // g(0) < 0, and Newton's step on a concave function stays below the root; it ends on the piece that holds the root.
  let total = 0
  for (;;) {
    const { gap } = model.piecesAt(total)
    const next = -gap.at / gap.slope
    if (!(next > total * (1 + 4 * Number.EPSILON))) break
    total = next
  }
  return describeAt(total, model, company)
}

type Model = ReturnType<typeof createModel>

function createModel({ holdings, safes }: Company, { preMoney, investors, pool, method = 'percentage' }: Round) {
  const { outstanding, unissued } = countShares(holdings)
  const [held, existing] = [Number(outstanding), Number(unissued)]
  const invested = investors.reduce((sum, { amount }) => sum + amount, 0)
  const safeMoney = safes.reduce((sum, { amount }) => sum + amount, 0)
  const terms = safes.map((safe, index) => termsFor(safes, safe, index))

  const piecesAt = (total: number) => {
    const grown: Affine =
      pool?.kind === 'target' ? { slope: pool.share, at: 0 } : { slope: 0, at: existing + Number(pool?.shares ?? 0n) }
    const unissuedAfter = largest([grown, { slope: 0, at: existing }], total)
    const before: Affine = { slope: unissuedAfter.slope, at: unissuedAfter.at + held }
    const perMoney: Affine =
      method === 'pre-money'
        ? scale(before, 1 / preMoney)
        : { slope: 1 / (preMoney + invested + (method === 'dollars' ? safeMoney : 0)), at: 0 }
    const converted: Affine = {
      slope: 1 - before.slope - invested * perMoney.slope,
      at: -before.at - invested * perMoney.at,
    }
    const capitalization: Affine = { slope: converted.slope, at: converted.at + held + existing }
    const offers = terms.map((options) =>
      options.flatMap((safe) => offersOf(safe, perMoney, { 'post-money': capitalization, 'pre-money': before })),
    )
    const chosen = offers.map((options) => largestOf(options, total))
    const shares = chosen.map(({ rate }, index) => scale(rate, (safes[index] as Safe).amount))
    const gap = shares.reduce((rest, s) => ({ slope: rest.slope - s.slope, at: rest.at - s.at }), converted)
    return { gap, chosen, shares, perMoney, capitalization, unissuedAfter }
  }
  return { piecesAt, invested }
}

/** Shares per unit of money that a SAFE may convert at: the round's price with its discount, or its cap. */
function offersOf(
  safe: Safe,
  perMoney: Affine,
  bases: Record<'post-money' | 'pre-money', Affine>,
): { rate: Affine; by: SafeConversion['by']; termsOf: string }[] {
  const discount = safe.discount ?? 0
  const priced = {
    rate: scale(perMoney, 1 / (1 - discount)),
    by: discount > 0 ? ('discount' as const) : ('round price' as const),
    termsOf: safe.holder,
  }
  if (!safe.cap) return [priced]
  return [priced, { rate: scale(bases[safe.cap.basis], 1 / safe.cap.amount), by: 'cap', termsOf: safe.holder }]
}

/** A most favoured SAFE chooses among its own terms and those of every SAFE after it, each whole. */
function termsFor(safes: readonly Safe[], safe: Safe, index: number): Safe[] {
  return safe.mostFavoured ? [safe, ...safes.slice(index + 1)] : [safe]
}

function describeAt(total: number, { piecesAt, invested }: Model, { safes }: Company): UnroundedRound {
  const { chosen, shares, perMoney, capitalization, unissuedAfter } = piecesAt(total)
  const evaluate = ({ slope, at }: Affine) => slope * total + at
  return {
    price: 1 / evaluate(perMoney),
    total,
    postMoneyCapitalization: evaluate(capitalization),
    safes: safes.map(({ holder, amount }, index) => {
      const { by, termsOf } = present(chosen[index], 'terms of a SAFE')
      const converted = evaluate(present(shares[index], 'shares of a SAFE'))
      return { holder, amount, shares: converted, price: amount / converted, by, termsOf }
    }),
    newShares: invested * evaluate(perMoney),
    pool: evaluate(unissuedAfter),
  }
}

function scale({ slope, at }: Affine, factor: number): Affine {
  return { slope: slope * factor, at: at * factor }
}

function largest(options: readonly Affine[], total: number): Affine {
  return largestOf(
    options.map((rate) => ({ rate })),
    total,
  ).rate
}

/** At infinity the slope decides alone, and among equal slopes the constant. */
function largestOf<T extends { rate: Affine }>(options: readonly T[], total: number): T {
  const evaluate = ({ rate: { slope, at } }: T) => (total === Infinity ? slope : slope * total + at)
  return options.reduce((best, option) => {
    const difference = evaluate(option) - evaluate(best)
    const ahead = difference === 0 ? option.rate.slope - best.rate.slope || option.rate.at - best.rate.at : difference
    return ahead > 0 ? option : best
  })
}

function takesAll({ safes }: Company, round: Round): InvalidInputError {
  const shares = safes
    .filter((safe) => safe.cap?.basis === 'post-money')
    .map(({ holder, amount, cap }) => `${holder} ${((100 * amount) / (cap?.amount ?? 1)).toFixed(1)} %`)
  const invested = round.investors.reduce((sum, { amount }) => sum + amount, 0)
  return new InvalidInputError(
    'equity.convertibles-take-all',
    `SAFEs, new money and pool would take the whole company: ${[...shares, `new money ${invested} on ${round.preMoney}`].join(', ')}.`,
    { hint: 'Raise a cap, convert less, or price the round higher: nothing is left for those who hold stock.' },
  )
}
