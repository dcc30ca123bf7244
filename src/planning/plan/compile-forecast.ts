/** The part of a plan file that is simulated month by month. */
import type { VentureFile } from '../../contracts/index.ts'
import type { Channel, Cost, Financing, Planned, Quantity, Segment, VenturePlan } from '../forecast/venture-plan.ts'
import type { Path, Place, QuantityReader } from './read-quantities.ts'

type Written = { from?: number | undefined; until?: number | undefined; hope?: boolean }

export const places = {
  amount: { unit: 'money', rule: 'at least 0' },
  balance: { unit: 'money', rule: 'finite' },
  perMonth: { unit: 'money/month', rule: 'at least 0' },
  perUser: { unit: 'money/user/month', rule: 'at least 0' },
  users: { unit: 'users', rule: 'at least 0' },
  usersPerMonth: { unit: 'users/month', rule: 'at least 0' },
  share: { unit: 'share', rule: 'from 0 to 1' },
  factor: { unit: 'share', rule: 'at least 0' },
  growth: { unit: 'share/month', rule: 'finite' },
  churn: { unit: 'share/month', rule: 'from 0 to 1' },
  discount: { unit: 'share/year', rule: 'at least 0' },
  months: { unit: 'months', rule: 'at least 0' },
  shape: { unit: 'number', rule: 'positive' },
  number: { unit: 'number', rule: 'at least 0' },
  spend: { unit: 'money', rule: 'positive' },
  spendPerMonth: { unit: 'money/month', rule: 'positive' },
  shares: { unit: 'shares', rule: 'at least 0' },
} as const satisfies Record<string, Place>

/** `cash` is what there is at the start, in the plan's currency. */
export function compileForecast(file: VentureFile, reader: QuantityReader, cash: Quantity): VenturePlan {
  const { read } = reader
  return {
    months: file.months,
    cashAtStart: cash,
    buffer: read(['buffer'], file.buffer, places.balance),
    discountPerYear: read(['discount'], file.discount, places.discount),
    exitMultiple: read(['exitMultiple'], file.exitMultiple, places.number),
    segments: mapTable(file.segments, (segment, name) => compileSegment(segment, ['segments', name], reader)),
    costs: {
      ...mapTable(file.costs, (cost, name): Cost => {
        const path = ['costs', name]
        return {
          ...when(cost),
          link: cost.link,
          perMonth: read([...path, 'monthly'], cost.monthly, { unit: 'money/month', rule: 'finite' }),
          ...optional('growthPerMonth', cost.growth, (growth) => read([...path, 'growth'], growth, places.growth)),
        }
      }),
      ...compilePeople(file, reader),
    },
    financing: { ...compileFinancing(file, reader), ...compileRaise(file, reader) },
  }
}

function compileSegment(segment: VentureFile['segments'][string], path: Path, reader: QuantityReader): Segment {
  const { read } = reader
  const at = (key: string, text: number | string, place: Place) => read([...path, key], text, place)
  const { retention, churn = 0 } = segment
  return {
    usersAtStart: at('users', segment.users, places.users),
    renewalsAtStart: at('renewals', segment.renewals, places.months),
    retention: retention
      ? {
          alpha: read([...path, 'retention', 'alpha'], retention.alpha, places.shape),
          beta: read([...path, 'retention', 'beta'], retention.beta, places.shape),
        }
      : { churnPerMonth: at('churn', churn, places.churn) },
    revenuePerUser: at('price', segment.price, places.perUser),
    expansionPerMonth: at('expansion', segment.expansion, places.growth),
    costPerUser: at('cost', segment.cost, places.perUser),
    factors: readFactors(segment.factors, path, reader),
    channels: mapTable(segment.channels, (channel, name) =>
      compileChannel(channel, [...path, 'channels', name], reader),
    ),
  }
}

function compileChannel(
  channel: VentureFile['segments'][string]['channels'][string],
  path: Path,
  reader: QuantityReader,
): Channel {
  const at = (key: string, text: number | string, place: Place) => reader.read([...path, key], text, place)
  const shared = { ...when(channel), factors: readFactors(channel.factors, path, reader) }
  const { newUsers, growth, spend = 0, usersMax = 0, halfSpend = 0, shape = 1, link = 'Market' } = channel
  if (newUsers !== undefined) {
    return {
      ...shared,
      kind: 'steady',
      usersPerMonth: at('newUsers', newUsers, places.usersPerMonth),
      ...optional('growthPerMonth', growth, (text) => at('growth', text, places.growth)),
    }
  }
  return {
    ...shared,
    kind: 'paid',
    link,
    spendPerMonth: at('spend', spend, places.perMonth),
    usersMax: at('usersMax', usersMax, places.usersPerMonth),
    halfSpend: at('halfSpend', halfSpend, places.spendPerMonth),
    shape: at('shape', shape, places.shape),
  }
}

/** What the people of a role cost who are at work, or will be from a month on. */
function compilePeople(file: VentureFile, { read }: QuantityReader): Record<string, Cost> {
  const entries = Object.entries(file.team).map(([name, role]): [string, Cost] => {
    const path = ['team', name]
    const time = role.time ?? (role.kind === 'part-time' ? 0.5 : 1)
    return [
      costOfRole(name),
      {
        ...when(role),
        link: role.link,
        perMonth: read([...path, 'monthly'], role.monthly, places.perMonth),
        factors: [role.count, read([...path, 'time'], time, places.share)],
      },
    ]
  })
  return Object.fromEntries(entries)
}

/** The name under which a role stands among the costs. */
export function costOfRole(role: string): string {
  return `team: ${role}`
}

function compileFinancing({ financing }: VentureFile, { read }: QuantityReader): Record<string, Financing> {
  return mapTable(financing, ({ month, amount, hope }, name) => ({
    month,
    amount: read(['financing', name, 'amount'], amount, places.balance),
    hope,
  }))
}

/** Money of SAFEs and of the round that is not yet in the cash. */
function compileRaise({ equity }: VentureFile, { read }: QuantityReader): Record<string, Financing> {
  const safes = Object.entries(equity?.safes ?? {}).flatMap(([holder, { month, amount, hope }]) =>
    month === undefined
      ? []
      : [
          [
            `SAFE: ${holder}`,
            { month, amount: read(['equity', 'safes', holder, 'amount'], amount, places.spend), hope },
          ],
        ],
  )
  const { month, investors = {}, hope = true } = equity?.round ?? {}
  const invested = Object.entries(investors).flatMap(([holder, amount]) =>
    month === undefined
      ? []
      : [
          [
            `round: ${holder}`,
            { month, amount: read(['equity', 'round', 'investors', holder], amount, places.spend), hope },
          ],
        ],
  )
  return Object.fromEntries([...safes, ...invested])
}

function readFactors(factors: readonly (number | string)[], path: Path, { read }: QuantityReader): Quantity[] {
  return factors.map((factor, i) => read([...path, 'factors', i], factor, places.factor))
}

export function when({ from, until, hope = false }: Written): Planned {
  return {
    ...(from === undefined ? {} : { fromMonth: from }),
    ...(until === undefined ? {} : { untilMonth: until }),
    hope,
  }
}

export function mapTable<T, U>(
  table: Readonly<Record<string, T>>,
  change: (value: T, name: string) => U,
): Record<string, U> {
  return Object.fromEntries(
    Object.keys(table)
      .sort()
      .map((name) => [name, change(table[name] as T, name)]),
  )
}

export function optional<K extends string, T, U>(
  key: K,
  value: T | undefined,
  change: (value: T) => U,
): { [P in K]?: U } {
  return (value === undefined ? {} : { [key]: change(value) }) as { [P in K]?: U }
}
