/** What a forecast is made of. Month 0 is the first; money is in one currency; names are the caller's. */

/** A number, or the name of an uncertain input. */
export type Quantity = number | string

/** The six links of the plan, which are also the expense roots of the ledger. */
export type Link = 'Data' | 'Model' | 'Market' | 'Team' | 'User' | 'Opt'

/** Active from `fromMonth` (default 0) until before `untilMonth` (default: to the end). A hope is planned, not decided: facts leave it out. */
export type Planned = { fromMonth?: number; untilMonth?: number; hope?: boolean }

/** Where new users come from. */
export type Channel = Planned & {
  /** Shares that new users are multiplied with, such as a conversion or the share of answers a model gets right. */
  factors?: readonly Quantity[]
} & (
    | { kind: 'steady'; usersPerMonth: Quantity; growthPerMonth?: Quantity }
    /** Of a spend x a month come usersMax·xⁿ/(halfSpendⁿ + xⁿ) users; the spend is a cost of its link. */
    | {
        kind: 'paid'
        link: Link
        spendPerMonth: Quantity
        usersMax: Quantity
        halfSpend: Quantity
        shape?: Quantity
      }
  )

/** Users who are alike in price and retention. */
export type Segment = {
  usersAtStart?: Quantity
  /** Renewals that the users of the start have behind them: they are more loyal than new ones. */
  renewalsAtStart?: Quantity
  /** Shifted beta-geometric, under which those who stay leave less; or the same share of users each month. */
  retention: { alpha: Quantity; beta: Quantity } | { churnPerMonth: Quantity }
  /** Of a new user, and how much more a cohort pays each month that it stays. */
  revenuePerUser: Quantity
  expansionPerMonth?: Quantity
  /** Shares that revenue is multiplied with. */
  factors?: readonly Quantity[]
  /** Inference, support: what serving a user costs a month. */
  costPerUser?: Quantity
  channels?: Readonly<Record<string, Channel>>
}

/** Of every month while it is active. */
export type Cost = Planned & {
  link: Link
  perMonth: Quantity
  growthPerMonth?: Quantity
  /** What it is multiplied with, such as a number of people and their share of full time. */
  factors?: readonly Quantity[]
}

/** People who begin at `fromMonth`, and with whom the same users bring more: revenue and the cost of serving grow alike. */
export type Hire = Planned & {
  count: number
  /** Share of full time. */
  time: Quantity
  /** Shares of gross profit that the first person adds at full effect; each next one adds `next` of the one before. */
  effects: readonly Quantity[]
  next: Quantity
  /** A share of the time that has effects of its own, in place of the others. */
  openSource: { share: Quantity; effects: readonly Quantity[] }
  /** Share of the effect in the first months. */
  ramp: readonly Quantity[]
}

/** Comes in at the start of a month: a round, a grant, a loan. */
export type Financing = { month: number; amount: Quantity; hope?: boolean }

/** All of a venture that is simulated. */
export type VenturePlan = {
  months: number
  cashAtStart: Quantity
  /** Below this much cash at the end of a month the venture is ruined. @default 0 */
  buffer?: Quantity
  /** @default 0 */
  discountPerYear?: Quantity
  /** What the venture is worth at the end, in years of the last month's revenue. @default 0 */
  exitMultiple?: Quantity
  segments: Readonly<Record<string, Segment>>
  costs: Readonly<Record<string, Cost>>
  hires?: Readonly<Record<string, Hire>>
  financing?: Readonly<Record<string, Financing>>
}

/** The plan of facts: without channels, costs, hires and financing that are only hoped for. */
export function dropHopes(plan: VenturePlan): VenturePlan {
  return {
    ...plan,
    costs: decided(plan.costs),
    hires: decided(plan.hires ?? {}),
    financing: decided(plan.financing ?? {}),
    segments: Object.fromEntries(
      Object.entries(plan.segments).map(([name, segment]) => [
        name,
        { ...segment, channels: decided(segment.channels ?? {}) },
      ]),
    ),
  }
}

/** The entries of a table in the order of their names, so that sums do not depend on how it was written. */
export function entriesOf<T>(table: Readonly<Record<string, T>> = {}): [string, T][] {
  return Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1))
}

function decided<T extends { hope?: boolean }>(table: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(table).filter(([, entry]) => !entry.hope))
}
