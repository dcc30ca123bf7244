/** A market from below: customers that exist, that can be reached, and that can be won, times what each pays in a year. */
import { type Summary, summarize } from '../simulation/sample-statistics.ts'

/** Draws of one group of customers; `price` is what one pays a month. */
export type CustomerGroup = {
  name: string
  customers: Float64Array
  reachable: Float64Array
  winnable: Float64Array
  price: Float64Array
}

/** Revenue a year: all that would buy (TAM), that can be reached (SAM), that can be won (SOM). */
export type MarketSize = { name: string; customers: Summary; total: Summary; serviceable: Summary; obtainable: Summary }

/** Each group, and after them all together: sums are taken world by world. */
export function sizeMarket(groups: readonly CustomerGroup[]): MarketSize[] {
  const sized = groups.map(({ name, customers, reachable, winnable, price }) => {
    const total = customers.map((count, s) => count * 12 * (price[s] as number))
    const serviceable = total.map((value, s) => value * (reachable[s] as number))
    const obtainable = serviceable.map((value, s) => value * (winnable[s] as number))
    return { name, customers, total, serviceable, obtainable }
  })
  const all = sized.length > 1 ? [addGroups(sized)] : []
  return [...sized, ...all].map(({ name, ...draws }) => ({
    name,
    customers: summarize(draws.customers),
    total: summarize(draws.total),
    serviceable: summarize(draws.serviceable),
    obtainable: summarize(draws.obtainable),
  }))
}

type Sized = Record<'customers' | 'total' | 'serviceable' | 'obtainable', Float64Array> & { name: string }

function addGroups(groups: readonly Sized[]): Sized {
  const sumOf = (key: Exclude<keyof Sized, 'name'>) =>
    (groups[0] as Sized)[key].map((_, s) => groups.reduce((sum, group) => sum + (group[key][s] as number), 0))
  return {
    name: 'all',
    customers: sumOf('customers'),
    total: sumOf('total'),
    serviceable: sumOf('serviceable'),
    obtainable: sumOf('obtainable'),
  }
}
