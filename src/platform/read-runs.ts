import type { Money, Run, RunDetails } from '../contracts/index.ts'
import { cpuSecondCommodity, energyCommodity, gpuSecondCommodity } from '../ledger/index.ts'
import type { PlatformContext } from './create-platform.ts'

/** Runs with all that is known of them. */
export async function readRuns(context: PlatformContext, references: readonly string[]): Promise<RunDetails[]> {
  const { registry } = context
  const runs = await registry.resolveRuns(references)
  const costs = await listRunCosts(context)
  const models = await registry.listModelVersions()
  const readRun = async (run: Run): Promise<RunDetails> => {
    const series = await registry.readSeries(run.id)
    return {
      ...run,
      ...series,
      cost: costs.get(run.id) ?? null,
      model: models.find(({ lineage }) => lineage.run === run.id) ?? null,
      keptEpoch: series.epochs.findLast(({ isBest }) => isBest)?.epoch ?? null,
    }
  }
  return Promise.all(runs.map(readRun))
}

/** What each run cost, by its id. */
export async function listRunCosts({ ledger }: PlatformContext): Promise<Map<string, Money>> {
  const totals = await ledger.dimensionTotals('run', { account: 'Expenses' })
  const quantities = [cpuSecondCommodity, gpuSecondCommodity, energyCommodity]
  const money = totals.filter(({ commodity }) => !quantities.includes(commodity))
  return new Map(money.map(({ value, commodity, amountMicro }) => [value, { amountMicro, currency: commodity }]))
}
