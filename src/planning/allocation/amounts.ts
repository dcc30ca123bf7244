/** The border between exact money and curves: whole micro-units outside, units of currency as numbers inside. */
import { microUnitsPerUnit } from '../../contracts/index.ts'
import type { Spend } from './value-tree.ts'

/** Micro-units as units. Exact up to 9 billion units; beyond, the nearest number. */
export function toUnits(amountMicro: bigint): number {
  return Number(amountMicro) / Number(microUnitsPerUnit)
}

/**
 * A plan's spends as whole micro-units that never sum to more than `budgetMicro`: what rounding down leaves of the planned
 * total goes to the largest remainders, one micro-unit each.
 */
export function toAmountsMicro(spend: Spend, budgetMicro: bigint): Record<string, bigint> {
  const exact = Object.entries(spend).map(([name, units]) => ({ name, micro: units * Number(microUnitsPerUnit) }))
  const planned = BigInt(Math.round(exact.reduce((sum, { micro }) => sum + micro, 0)))
  const total = planned < budgetMicro ? planned : budgetMicro
  const amounts = new Map(exact.map(({ name, micro }) => [name, BigInt(Math.floor(micro))]))
  const byRemainder = [...exact].sort((one, other) => (other.micro % 1) - (one.micro % 1))
  let left = total - [...amounts.values()].reduce((sum, amountMicro) => sum + amountMicro, 0n)
  for (const { name } of byRemainder) {
    if (left <= 0n) break
    amounts.set(name, (amounts.get(name) ?? 0n) + 1n)
    left -= 1n
  }
  // Beyond 9 billion units a number is coarser than a micro-unit, and the sum may be too large by rounding alone.
  if (left < 0n) {
    const [name, largest] = [...amounts].reduce((one, other) => (other[1] > one[1] ? other : one))
    amounts.set(name, largest + left)
  }
  return Object.fromEntries(amounts)
}
