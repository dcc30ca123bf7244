/** What a plan takes as measured: the books up to its date, and the models of the registry. */
import { type Balance, formatMoney, type ModelVersion, type PlanLink, planLinkSchema } from '../contracts/index.ts'
import { type LedgerFacts, type MeasuredModel, type PlanFacts, toUnits } from '../planning/index.ts'
import type { EvaluationReport } from '../training/index.ts'
import type { PlatformContext } from './create-platform.ts'
import { listRunCosts } from './read-runs.ts'
import { readSurvey } from './read-survey.ts'

/** Months of the books that are looked at, back from the plan's date. */
const monthsRead = 12

/** What decides which facts are read; whether it is right is checked with all the rest of the file. */
export type FactsRequest = {
  date: string
  currency: string
  tasks: readonly string[] | undefined
  /** The task whose runs say what is feasible. */
  task: string | undefined
  /** Path of the survey. */
  survey: string | undefined
}

/** Throws InvalidInputError `venture.bad-survey` with every row of the survey that cannot be used. */
export async function readFacts(context: PlatformContext, request: FactsRequest): Promise<PlanFacts> {
  const { date, currency, tasks, task, survey } = request
  return {
    ledger: await readLedger(context, date, currency),
    models: await readModels(context, tasks),
    runs: task === undefined ? [] : await readMeasuredRuns(context, task),
    survey: survey === undefined ? undefined : await readSurvey(survey),
  }
}

async function readMeasuredRuns({ registry }: PlatformContext, task: string): Promise<PlanFacts['runs']> {
  const models = await registry.listModelVersions()
  const points = await registry.listLearningPoints(task)
  const newest = points.at(-1)?.recipe
  const ofCurve = points
    .filter(({ recipe }) => recipe === newest)
    .map(({ labels, score: { value, interval }, testExamples }) => ({
      version: null,
      trainExamples: labels,
      score: value,
      interval,
      testExamples,
    }))
  const ofVersions = models
    .filter((model) => model.task === task)
    .flatMap((model) => {
      const { version, score, trainExamples } = toMeasured(model)
      if (!score || trainExamples === null) return []
      const { value, interval, testExamples } = score
      return [{ version, trainExamples, score: value, interval, testExamples }]
    })
  return [...ofVersions, ...ofCurve]
}

/** Undefined where the date is none, which the check of the file reports. */
async function readLedger(
  { ledger }: PlatformContext,
  date: string,
  currency: string,
): Promise<LedgerFacts | undefined> {
  const end = dayAfter(date)
  if (end === undefined) return undefined
  const until = (moment: Date) => ledger.accountBalances({ commodity: currency, eventTimeBefore: moment })
  const balances = await until(end)
  const cash = balances.filter(({ account }) => isWithin(account, 'Assets:Cash'))
  const starts = Array.from({ length: monthsRead }, (_, i) => monthStart(date, i - monthsRead + 1))
  const before = await Promise.all(starts.map(until))
  const months = starts.flatMap((start, i) => {
    const [from, to] = [before[i] as Balance[], before[i + 1] ?? balances]
    const expenses = toUnits(sumOf(to, 'Expenses') - sumOf(from, 'Expenses'))
    const revenue = toUnits(sumOf(from, 'Income') - sumOf(to, 'Income'))
    return expenses === 0 && revenue === 0 ? [] : [{ month: start.toISOString().slice(0, 7), expenses, revenue }]
  })
  const spent = planLinkSchema.options.map((link): [PlanLink, number] => [
    link,
    toUnits(sumOf(balances, `Expenses:${link}`)),
  ])
  return {
    cash: cash.length > 0 ? toUnits(cash.reduce((sum, { amountMicro }) => sum + amountMicro, 0n)) : undefined,
    spendByLink: Object.fromEntries(spent.filter(([, amount]) => amount !== 0)),
    revenue: toUnits(-sumOf(balances, 'Income')),
    months,
    runCosts: toUnits(sumOf(balances, 'Expenses:Model:Compute')),
  }
}

async function readModels(context: PlatformContext, tasks: readonly string[] | undefined): Promise<MeasuredModel[]> {
  const models = await context.registry.listModelVersions()
  const costs = await listRunCosts(context)
  return models
    .filter(({ task, stage }) => (tasks ? tasks.includes(task) : true) && stage === 'live')
    .sort((one, other) => (one.task < other.task ? -1 : 1))
    .map((model) => {
      const cost = costs.get(model.lineage.run)
      return { ...toMeasured(model), cost: cost ? formatMoney(cost) : null }
    })
}

type Metrics = {
  test?: Partial<Pick<EvaluationReport, 'primary' | 'count'>>
  examples?: { train?: number }
}

/** A version with its score on texts that it was not trained on. */
function toMeasured(model: ModelVersion): Omit<MeasuredModel, 'cost'> {
  const { task, version, stage, lineage, sizeBytes, createdAt } = model
  const { test, examples } = model.metrics as Metrics
  const primary = test?.primary
  return {
    task,
    version,
    stage,
    base: lineage.base.name,
    score: primary
      ? {
          name: primary.name,
          value: primary.value,
          interval: [primary.interval[0], primary.interval[1]],
          testExamples: test?.count ?? 0,
        }
      : null,
    trainExamples: examples?.train ?? null,
    sizeBytes,
    createdAt,
  }
}

function sumOf(balances: readonly Balance[], root: string): bigint {
  return balances.reduce((sum, { account, amountMicro }) => (isWithin(account, root) ? sum + amountMicro : sum), 0n)
}

function isWithin(account: string, root: string): boolean {
  return account === root || account.startsWith(`${root}:`)
}

function dayAfter(date: string): Date | undefined {
  const day = new Date(`${date}T00:00:00Z`)
  return Number.isNaN(day.getTime()) ? undefined : new Date(day.getTime() + 86_400_000)
}

function monthStart(date: string, offset: number): Date {
  const [year = 0, month = 1] = date.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1 + offset, 1))
}
