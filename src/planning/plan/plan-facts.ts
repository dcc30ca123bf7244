import type { PlanLink } from '../../contracts/index.ts'
import type { PriceAnswer } from '../market/gabor-granger.ts'
import type { MeasuredRun } from '../market/judge-feasibility.ts'
import type { PriceOpinion } from '../market/van-westendorp.ts'

/** A model version as the registry measured it. */
export type MeasuredModel = {
  task: string
  version: number
  stage: string
  base: string
  score: { name: string; value: number; interval: readonly [number, number]; testExamples: number } | null
  trainExamples: number | null
  sizeBytes: number
  /** What its run cost, exactly, such as "0.0408 USD"; null where nothing was booked. */
  cost: string | null
  createdAt: string
}

/** What the books say in the plan's currency, up to the plan's date. */
export type LedgerFacts = {
  /** On Assets:Cash and below; undefined where nothing was ever booked there. */
  cash: number | undefined
  /** Booked in all, by link. */
  spendByLink: Partial<Record<PlanLink, number>>
  revenue: number
  /** Expenses and revenue of each month with entries, the oldest first. */
  months: { month: string; expenses: number; revenue: number }[]
  /** Measured runs of models, in all. */
  runCosts: number
}

/** What is known for certain, and where it was measured. */
export type PlanFacts = {
  ledger: LedgerFacts | undefined
  models: MeasuredModel[]
  /** All measured versions of the task that feasibility is judged by. */
  runs: MeasuredRun[]
  /** Rows of the survey that the plan names. */
  survey: { opinions: PriceOpinion[]; answers: PriceAnswer[] } | undefined
}
