/** The price with the largest profit, in closed form for three forms of demand. */
import { checkNumbers } from '../check-numbers.ts'

/** The best price, and what comes of it. */
export type PriceOptimum = { price: number; quantity: number; profit: number }

/** Demand Q = most - slope·p. */
export function optimizeLinearPrice(demand: { most: number; slope: number; unitCost: number }): PriceOptimum {
  const { most, slope, unitCost } = demand
  checkNumbers('linear demand', {
    slope: [slope, 'positive'],
    unitCost: [unitCost, 'at least 0'],
    'most - slope·unitCost': [most - slope * unitCost, 'positive'],
  })
  return priced((most / slope + unitCost) / 2, unitCost, (price) => most - slope * price)
}

/** Demand Q = market / (1 + e^(slope·p - preference)). The optimum is c + (1 + w)/slope, w + ln w = preference - slope·c - 1. */
export function optimizeLogitPrice(demand: {
  market: number
  preference: number
  slope: number
  unitCost: number
}): PriceOptimum {
  const { market, preference, slope, unitCost } = demand
  checkNumbers('logit demand', {
    market: [market, 'positive'],
    preference: [preference, 'finite'],
    slope: [slope, 'positive'],
    unitCost: [unitCost, 'at least 0'],
  })
  const w = lambertOfExponential(preference - slope * unitCost - 1)
  return priced(unitCost + (1 + w) / slope, unitCost, (price) => market / (1 + Math.exp(slope * price - preference)))
}

/** Demand Q = scale·p^-elasticity, elasticity above 1. */
export function optimizeElasticPrice(demand: { scale: number; elasticity: number; unitCost: number }): PriceOptimum {
  const { scale, elasticity, unitCost } = demand
  checkNumbers('demand of constant elasticity', {
    scale: [scale, 'positive'],
    'elasticity - 1': [elasticity - 1, 'positive'],
    unitCost: [unitCost, 'positive'],
  })
  return priced((unitCost * elasticity) / (elasticity - 1), unitCost, (price) => scale * price ** -elasticity)
}

function priced(price: number, unitCost: number, demandAt: (price: number) => number): PriceOptimum {
  const quantity = demandAt(price)
  return { price, quantity, profit: (price - unitCost) * quantity }
}

/** W(e^k) of Lambert: w + ln w = k, by Newton steps on ln w, which never overflow. */
function lambertOfExponential(k: number): number {
  let logW = k > 1 ? Math.log(k) : k
  for (let i = 0; i < 100; i++) {
    const w = Math.exp(logW)
    const step = (w + logW - k) / (w + 1)
    logW -= step
    if (Math.abs(step) < 1e-15 * Math.max(1, Math.abs(logW))) break
  }
  return Math.exp(logW)
}
