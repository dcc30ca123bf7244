import type { Rate, RunEstimate, Usage } from '../contracts/index.ts'
import { priceCpuSeconds } from '../ledger/index.ts'
import type { TrainingEstimate } from '../training/index.ts'

/** A whole run's estimate: what it has `spent` so far, and what training expects to be left. */
export function toRunEstimate(
  { left, stepCount, tokenCount, memoryBytesPeak, memoryBytesToCome }: TrainingEstimate,
  { spent, rate }: { spent: Usage; rate: Rate },
): RunEstimate {
  const cpuSeconds = spent.cpuSeconds + left.cpuSeconds
  const [low, high] = left.secondsInterval ?? []
  return {
    seconds: spent.wallSeconds + left.seconds,
    secondsInterval:
      low === undefined || high === undefined ? null : [spent.wallSeconds + low, spent.wallSeconds + high],
    cpuSeconds,
    memoryBytesPeak: Math.max(spent.memoryBytesPeak, memoryBytesPeak) + memoryBytesToCome,
    memoryBytesToCome,
    steps: stepCount,
    tokens: tokenCount,
    cost: priceCpuSeconds(cpuSeconds, rate),
  }
}
