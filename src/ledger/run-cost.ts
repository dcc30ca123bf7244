import { InvalidInputError } from '../base/index.ts'
import type { ComputeRates, Money, Rate, Run } from '../contracts/index.ts'
import { accounts } from './account.ts'
import { listComputeAmounts, priceCompute } from './compute-cost.ts'
import type { NewEntry } from './entry.ts'

/** The entry for what a finished run used, and its price at dated rates. */
export function createRunCostEntry({ run, rates, model }: { run: Run; rates: ComputeRates; model?: string }): {
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
  const { cpuSeconds, gpuSeconds, energyJoules, wallSeconds } = run.usage
  const used = [`${cpuSeconds.toFixed(3)} CPU-seconds`]
  const at = [describeRate(rates.cpuHour, 'CPU-hour')]
  if (gpuSeconds > 0) {
    used.push(`${gpuSeconds.toFixed(3)} GPU-seconds`)
    at.push(rates.gpuHour ? describeRate(rates.gpuHour, 'GPU-hour') : 'no rate per GPU-hour')
  }
  if (energyJoules !== null) {
    used.push(`${energyJoules.toFixed(0)} joules`)
    if (rates.kilowattHour) at.push(describeRate(rates.kilowattHour, 'kilowatt-hour'))
  }
  const entry = {
    source: 'capstan.run',
    key: run.id,
    eventTime: new Date(run.finishedAt),
    description: `${run.kind} ${run.task}: ${used.join(', ')} in ${wallSeconds.toFixed(3)} s, at ${at.join(', ')}`,
    dimensions: { task: run.task, run: run.id, kind: run.kind, ...(model ? { model } : {}) },
    postings: listComputeAmounts(run.usage, rates).flatMap(({ commodity, amountMicro, credit }) => [
      { account: accounts.modelCompute, commodity, amountMicro },
      { account: credit, commodity, amountMicro: -amountMicro },
    ]),
  }
  return { entry, cost: priceCompute(run.usage, rates) }
}

function describeRate({ amount, currency, date, source }: Rate, per: string): string {
  return `${amount} ${currency} per ${per} (${date}, ${source})`
}
