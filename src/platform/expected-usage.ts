import type { ComputeRates, Device, RunEstimate, Usage } from '../contracts/index.ts'
import { priceCompute } from '../ledger/index.ts'
import type { TrainingEstimate } from '../training/index.ts'

/** A whole run's estimate: what it has `spent` so far, and what training expects to be left. */
export function toRunEstimate(
  { left, stepCount, tokenCount, memoryBytesPeak, memoryBytesToCome }: TrainingEstimate,
  { spent, rates, device }: { spent: Usage; rates: ComputeRates; device: Device },
): RunEstimate {
  const cpuSeconds = spent.cpuSeconds + left.cpuSeconds
  const gpuSeconds = spent.gpuSeconds + (device === 'cpu' ? 0 : left.seconds)
  const [low, high] = left.secondsInterval ?? []
  return {
    seconds: spent.wallSeconds + left.seconds,
    secondsInterval:
      low === undefined || high === undefined ? null : [spent.wallSeconds + low, spent.wallSeconds + high],
    cpuSeconds,
    gpuSeconds,
    memoryBytesPeak: Math.max(spent.memoryBytesPeak, memoryBytesPeak) + memoryBytesToCome,
    memoryBytesToCome,
    steps: stepCount,
    tokens: tokenCount,
    cost: priceCompute({ cpuSeconds, gpuSeconds, energyJoules: null }, rates),
  }
}
