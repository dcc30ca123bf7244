/** How much to raise, and what keeping one's share of a round costs. */
import { checkNumbers } from '../check-numbers.ts'
import { bisect } from '../find-root.ts'

/** The best size of a round, and how exactly it has to be met. */
export type RaiseSize = {
  amount: number
  /** Founders' share after the round: preMoney / (preMoney + amount). */
  kept: number
  /** What the founders' share is worth. */
  worth: number
  /** λ: what one more unit of capital adds to the company's value; at the optimum it is value over post-money. */
  priceOfCapital: number
  valueOverPostMoney: number
  /** Amounts whose worth is within 0.5 % of the best: "anything from … to …". */
  flat: { from: number; to: number }
}

const steps = 2000

/**
 * The raise that makes the founders' share worth most: max V(capital + Δ)·Pre/(Pre + Δ), which is where λ = V/Post. V need
 * not be concave: all of 0 … amountMax is searched first, then the best step refined. `bestValue` gives the company's best
 * value with this capital. Throws InvalidInputError `plan.invalid-number`.
 */
export function sizeRaise(options: {
  bestValue: (capital: number) => number
  capital: number
  preMoney: number
  amountMax: number
}): RaiseSize {
  const { bestValue, capital, preMoney, amountMax } = options
  checkNumbers('the raise', {
    capital: [capital, 'at least 0'],
    preMoney: [preMoney, 'positive'],
    amountMax: [amountMax, 'positive'],
  })
  const step = amountMax / steps
  const keptAt = (amount: number) => preMoney / (preMoney + amount)
  const worths = Array.from({ length: steps + 1 }, (_, i) => bestValue(capital + i * step) * keptAt(i * step))
  const best = worths.indexOf(Math.max(...worths))
  const slopeAt = (amount: number) => {
    const [from, to] = [Math.max(0, amount - step / 20), amount + step / 20]
    return (bestValue(capital + to) - bestValue(capital + from)) / (to - from)
  }
  // What the next unit adds to the founders' share: positive below the optimum.
  const surplus = (amount: number) => slopeAt(amount) * (preMoney + amount) - bestValue(capital + amount)
  const [low, high] = [(best - 1) * step, (best + 1) * step]
  const inside = best > 0 && best < steps && surplus(low) > 0 && surplus(high) < 0
  const amount = inside ? bisect(surplus, low, high) : best * step
  const value = bestValue(capital + amount)
  const worth = value * keptAt(amount)
  const near = worths.flatMap((other, i) => (other >= worth - 0.005 * Math.abs(worth) ? [i * step] : []))
  return {
    amount,
    kept: keptAt(amount),
    worth,
    priceOfCapital: slopeAt(amount),
    valueOverPostMoney: value / (preMoney + amount),
    flat: { from: Math.min(amount, ...near), to: Math.max(amount, ...near) },
  }
}

/** Share of the company that a holder of `ownership` buys more of to stay at it, where SAFEs take `diluted`: q/(1 - s) - q. */
export function topUpProRata(ownership: number, diluted: number): number {
  checkNumbers('the pro-rata right', {
    ownership: [ownership, 'from 0 to 1'],
    'share of the SAFEs': [diluted, 'from 0 to 1'],
    '1 - share of the SAFEs': [1 - diluted, 'positive'],
  })
  return ownership / (1 - diluted) - ownership
}
