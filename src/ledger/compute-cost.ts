/** What computing uses, and what that costs at dated rates. */
import {
  type ComputeRates,
  divideHalfEven,
  type Money,
  microUnitsPerUnit,
  parseAmountMicro,
  type Rate,
  type Usage,
} from '../contracts/index.ts'
import { accounts } from './account.ts'

/** One second of one logical CPU; one second for which a GPU is held, however busy it is; and energy. */
export const cpuSecondCommodity = 'CPU-SECOND'
export const gpuSecondCommodity = 'GPU-SECOND'
export const energyCommodity = 'JOULE'

export type ComputeUse = Pick<Usage, 'cpuSeconds' | 'gpuSeconds' | 'energyJoules'>

/** So much of a commodity, and the account that it comes from. */
type ComputeAmount = { commodity: string; amountMicro: bigint; credit: string }

const secondsPerHour = 3600n
const wattsPerKilowatt = 1000n

/**
 * Seconds at rates per hour and joules at that of a kilowatt-hour, their sum rounded half to even to a micro-unit. What has no
 * rate costs nothing here.
 */
export function priceCompute(
  { cpuSeconds, gpuSeconds, energyJoules }: ComputeUse,
  { cpuHour, gpuHour, kilowattHour }: ComputeRates,
): Money {
  const priced = (quantity: number, rate: Rate | undefined) =>
    rate ? toMicro(quantity) * parseAmountMicro(rate.amount) : 0n
  const seconds = priced(cpuSeconds, cpuHour) + priced(gpuSeconds, gpuHour)
  const sum = seconds * wattsPerKilowatt + priced(energyJoules ?? 0, kilowattHour)
  const amountMicro = divideHalfEven(sum, secondsPerHour * wattsPerKilowatt * microUnitsPerUnit)
  return { amountMicro, currency: cpuHour.currency }
}

/** The quantities and their price, without what rounds to nothing: they are booked together, so that they never drift apart. */
export function listComputeAmounts(use: ComputeUse, rates: ComputeRates): ComputeAmount[] {
  const { amountMicro, currency } = priceCompute(use, rates)
  const amounts = [
    { commodity: cpuSecondCommodity, amountMicro: toMicro(use.cpuSeconds), credit: accounts.metered },
    { commodity: gpuSecondCommodity, amountMicro: toMicro(use.gpuSeconds), credit: accounts.metered },
    { commodity: energyCommodity, amountMicro: toMicro(use.energyJoules ?? 0), credit: accounts.metered },
    { commodity: currency, amountMicro, credit: accounts.accruedCloud },
  ]
  return amounts.filter((amount) => amount.amountMicro !== 0n)
}

function toMicro(quantity: number): bigint {
  return BigInt(Math.round(quantity * Number(microUnitsPerUnit)))
}
