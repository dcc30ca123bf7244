import { formatMoney, type RunEstimate } from '../contracts/index.ts'
import { formatCompute, formatMib, formatSeconds } from './print-table.ts'

/** Time, CPU, memory and cost on one line: what stands beside the outcome of a run. */
export function formatEstimate(estimate: RunEstimate): string {
  const { memoryBytesPeak, cost } = estimate
  const time = formatExpectedTime(estimate.seconds, estimate.secondsInterval)
  return `${time}, ${formatCompute(estimate)}, ${formatMib(memoryBytesPeak)}, ${formatMoney(cost)}`
}

/** "about 3 min 20 s (3 min 05 s to 3 min 35 s)". */
export function formatExpectedTime(seconds: number, interval: readonly [number, number] | null): string {
  const range = interval ? ` (${interval.map(formatSeconds).join(' to ')})` : ''
  return `about ${formatSeconds(seconds)}${range}`
}

/** What `capstan train --estimate` shows. */
export function formatFullEstimate(estimate: RunEstimate): string[] {
  const { steps, tokens, memoryBytesPeak, memoryBytesToCome, cost } = estimate
  return [
    `time      ${formatExpectedTime(estimate.seconds, estimate.secondsInterval)} for all epochs: ${steps} steps, ${tokens} tokens`,
    `memory    ${formatMib(memoryBytesPeak)} at most: ${formatMib(memoryBytesPeak - memoryBytesToCome)} measured, ${formatMib(memoryBytesToCome)} more for tokens not seen yet`,
    `cost      ${formatMoney(cost)}, ${formatCompute(estimate)}`,
  ]
}
