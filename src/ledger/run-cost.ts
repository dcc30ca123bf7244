import { InvalidInputError } from '../base/index.ts'
import {
  divideHalfEven,
  type Money,
  microUnitsPerUnit,
  parseAmountMicro,
  type Rate,
  type Run,
} from '../contracts/index.ts'
import { accounts } from './account.ts'
import type { NewEntry } from './entry.ts'

/** The commodity in which compute is measured: one second of one logical CPU. */
export const cpuSecondCommodity = 'CPU-SECOND'

const secondsPerHour = 3600n

/** CPU-seconds at a rate per CPU-hour, rounded half to even to a micro-unit. */
export function priceCpuSeconds(cpuSeconds: number, rate: Rate): Money {
  const micro = toMicroSeconds(cpuSeconds) * parseAmountMicro(rate.amount)
  return { amountMicro: divideHalfEven(micro, secondsPerHour * microUnitsPerUnit), currency: rate.currency }
}

function toMicroSeconds(cpuSeconds: number): bigint {
  return BigInt(Math.round(cpuSeconds * Number(microUnitsPerUnit)))
}

/**
 * The entry for what a finished run used: its CPU-seconds, and their price at a dated rate. Both commodities stand in one
 * entry, so quantity and money never drift apart.
 */
export function createRunCostEntry({ run, rate, model }: { run: Run; rate: Rate; model?: string }): {
  entry: NewEntry
  cost: Money
} {
  if (run.finishedAt === null || run.usage === null) {
    throw new InvalidInputError(
      'ledger.run-unmeasured',
      `Run ${run.id} (${run.status}) has no measured usage to book.`,
      {
        hint: 'Finish the run with its usage first; an interrupted run has none.',
      },
    )
  }
  const { cpuSeconds, wallSeconds } = run.usage
  const cost = priceCpuSeconds(cpuSeconds, rate)
  const postings = [
    ...transfer(cpuSecondCommodity, toMicroSeconds(cpuSeconds), accounts.metered),
    ...transfer(cost.currency, cost.amountMicro, accounts.accruedCloud),
  ]
  const entry = {
    source: 'capstan.run',
    key: run.id,
    eventTime: new Date(run.finishedAt),
    description:
      `${run.kind} ${run.task}: ${cpuSeconds.toFixed(3)} CPU-seconds in ${wallSeconds.toFixed(3)} s, ` +
      `at ${rate.amount} ${rate.currency} per CPU-hour (${rate.date}, ${rate.source})`,
    dimensions: { task: run.task, run: run.id, kind: run.kind, ...(model ? { model } : {}) },
    postings,
  }
  return { entry, cost }
}

/** Nothing where the amount rounds to zero: a posting is never zero. */
function transfer(commodity: string, amountMicro: bigint, from: string) {
  if (amountMicro === 0n) return []
  return [
    { account: accounts.modelCompute, commodity, amountMicro },
    { account: from, commodity, amountMicro: -amountMicro },
  ]
}
