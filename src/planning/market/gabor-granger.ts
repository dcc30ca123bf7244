/** Direct questions "would you buy at this price?" (Gabor and Granger, 1966): a demand curve, and the price of the largest profit. */
import { InvalidInputError, wilsonInterval } from '../../base/index.ts'
import { refuseFew } from './van-westendorp.ts'

export type PriceAnswer = { price: number; buys: boolean }

export type DemandPoint = {
  price: number
  asked: number
  /** Share of those asked who would buy. */
  share: number
  interval: readonly [number, number]
  /** The share after it was made to fall with the price. */
  demand: number
  /** (price − unit cost) · demand, for each person asked. */
  profit: number
}

export type Demand = { points: DemandPoint[]; best: DemandPoint }

/** Throws InvalidInputError `plan.bad-survey` for prices below 0, and below five answers at some price. */
export function measureDemand(answers: readonly PriceAnswer[], unitCost = 0): Demand {
  const negative = answers.find(({ price }) => !(price >= 0))
  if (negative) {
    throw new InvalidInputError('plan.bad-survey', `The survey asks about a price of ${negative.price}.`, {
      hint: 'Prices are at least 0.',
    })
  }
  const prices = [...new Set(answers.map(({ price }) => price))].sort((a, b) => a - b)
  const counts = prices.map((price) => {
    const asked = answers.filter((answer) => answer.price === price)
    return { price, asked: asked.length, buyers: asked.filter(({ buys }) => buys).length }
  })
  refuseFew(
    Math.min(...counts.map(({ asked }) => asked), prices.length === 0 ? 0 : Number.POSITIVE_INFINITY),
    'at each price',
  )
  const demands = fallWith(counts)
  const points = counts.map(({ price, asked, buyers }, i): DemandPoint => {
    const demand = demands[i] as number
    const interval = wilsonInterval(buyers, asked)
    return { price, asked, share: buyers / asked, interval, demand, profit: (price - unitCost) * demand }
  })
  return { points, best: points.reduce((one, other) => (other.profit > one.profit ? other : one)) }
}

/** The nearest shares, by number asked, that never rise with the price (pool adjacent violators). */
function fallWith(counts: readonly { asked: number; buyers: number }[]): number[] {
  const pools: { asked: number; buyers: number; length: number }[] = []
  for (const { asked, buyers } of counts) {
    let pool = { asked, buyers, length: 1 }
    for (let last = pools.at(-1); last && pool.buyers / pool.asked > last.buyers / last.asked; last = pools.at(-1)) {
      pools.pop()
      pool = { asked: pool.asked + last.asked, buyers: pool.buyers + last.buyers, length: pool.length + last.length }
    }
    pools.push(pool)
  }
  return pools.flatMap(({ asked, buyers, length }) => new Array<number>(length).fill(buyers / asked))
}
