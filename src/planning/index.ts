/** Curves and plans: pure functions of numbers, without storage, clock or network. See docs/planning.md. */
export { type Allocation, allocate, type LinkPlan } from './allocation/allocate.ts'
export { toAmountsMicro, toUnits } from './allocation/amounts.ts'
export { boundByHulls } from './allocation/bound-value.ts'
export { type BudgetChoice, chooseBudget } from './allocation/choose-budget.ts'
export { describePlan } from './allocation/describe-plan.ts'
export {
  type FlatRange,
  findFlatRanges,
  type Purchase,
  type Review,
  rankPurchases,
  reviewPlan,
} from './allocation/explain-plan.ts'
export { planAt, tabulateValue, toValueCurve, type ValueTable } from './allocation/tabulate-value.ts'
export { type Link, marginalValues, planValue, type Spend, type ValueNode } from './allocation/value-tree.ts'
export { chooseLearningCurve, type LearningChoice, type LearningTrial } from './curves/choose-learning-curve.ts'
export { type ExtendCurveOptions, type ExtendedCurve, extendLearningCurve } from './curves/extend-learning-curve.ts'
export { fitLearningCurve, type LearningFit, type LearningObservation } from './curves/fit-learning-curve.ts'
export { findLabelsNeeded, findOptimalLabels, type LabelsNeeded } from './curves/labels-needed.ts'
export {
  errorAt,
  errorSlopeAt,
  type LearningCurve,
  type LearningForm,
  type LearningParameters,
  labelsFor,
  learningForms,
} from './curves/learning-form.ts'
export {
  bootstrapLearningCurve,
  covarianceOf,
  errorQuantiles,
  type LearningBootstrap,
  standardErrorAt,
} from './curves/learning-uncertainty.ts'
export {
  fitScalingLaw,
  type ScalingLaw,
  type ScalingObservation,
  scalingLossAt,
  splitCompute,
} from './curves/scaling-law.ts'
export {
  averageCurve,
  carryOverCurve,
  exponentialCurve,
  hillCurve,
  logarithmicCurve,
  logisticCurve,
  powerCurve,
  raiseCurve,
  type SpendCurve,
} from './curves/spend-curve.ts'
export { weighByRank, weighByTestError } from './curves/weigh-observations.ts'
export {
  optimizeElasticPrice,
  optimizeLinearPrice,
  optimizeLogitPrice,
  type PriceOptimum,
} from './economics/optimize-price.ts'
export { type Outcome, stakeKelly } from './economics/stake-kelly.ts'
export {
  breakEvenUnits,
  costAcquisition,
  measureEfficiency,
  paybackMonths,
  retainRevenue,
  valueLifetime,
  valueLifetimeOfCohort,
} from './economics/unit-economics.ts'
export type { Company, ConversionMethod, Holding, Pool, Round, Safe } from './equity/cap-table.ts'
export { type RaiseSize, sizeRaise, topUpProRata } from './equity/raise-size.ts'
export { type LegalRound, type Position, roundLegally } from './equity/round-legally.ts'
export { type SafeConversion, solveRound, type UnroundedRound } from './equity/solve-round.ts'
export { type Stage, type StagedValue, valueStages } from './equity/value-stages.ts'
export { changePlan, type PlanChange } from './forecast/change-plan.ts'
export type { Bands, MonthQuantiles, Outlook } from './forecast/describe-outlook.ts'
export {
  type Assumption,
  type Evidence,
  type ExperimentOffer,
  type Forecast,
  type ForecastRequest,
  forecastVenture,
  type InputResult,
  type PlanResult,
} from './forecast/forecast-venture.ts'
export { measureTornado, type TornadoBar } from './forecast/measure-tornado.ts'
export type {
  Channel,
  Cost,
  Financing,
  Link as VentureLink,
  Quantity,
  Segment,
  VenturePlan,
} from './forecast/venture-plan.ts'
export type { HiringQuestion, MonthlySpend, Role } from './integer/hiring-question.ts'
export {
  type LinearModel,
  type LinearSolution,
  type LinearSolver,
  relaxModel,
  solveModel,
  type Term,
} from './integer/linear-model.ts'
export { loadSolver } from './integer/load-solver.ts'
export { type HiringPlan, planHires } from './integer/plan-hires.ts'
export { type Demand, type DemandPoint, measureDemand, type PriceAnswer } from './market/gabor-granger.ts'
export { type Feasibility, judgeFeasibility, type MeasuredRun } from './market/judge-feasibility.ts'
export { type ScoreReport, scoreOptions } from './market/score-options.ts'
export { type CustomerGroup, type MarketSize, sizeMarket } from './market/size-market.ts'
export { measurePriceSensitivity, type PriceOpinion, type PriceSensitivity } from './market/van-westendorp.ts'
export type { AllocatedLink, AllocationReport } from './plan/allocate-links.ts'
export { type AssessReport, assessVenture } from './plan/assess-venture.ts'
export { type CompiledVenture, compileVenture } from './plan/compile-venture.ts'
export type { HiredPerson, HiringReport, RoleLine } from './plan/hire-team.ts'
export type { LedgerFacts, MeasuredModel, PlanFacts } from './plan/plan-facts.ts'
export type { Problem } from './plan/read-quantities.ts'
export { type AssumptionLine, type PlanReport, reportPlan } from './plan/report-plan.ts'
export type { RaiseReport } from './plan/report-raise.ts'
export {
  countCustomers,
  expectResidualLifetime,
  fitRetention,
  logLikelihoodOf,
  type Retention,
  type RetentionFit,
  surviveOf,
} from './retention.ts'
export {
  type ContinuousRunway,
  type Course,
  findExpensesToLive,
  findGrowthToLive,
  type Growth,
  projectRunway,
} from './runway/continuous-runway.ts'
export { type CashRisk, ruinAtMonthEnds, ruinByDiffusion } from './runway/ruin-probability.ts'
export {
  compareFactsWithHopes,
  type Hopes,
  type SteppedOptions,
  type SteppedRunway,
  stepRunway,
} from './runway/stepped-runway.ts'
export { type Comparison, comparePlans } from './simulation/compare-plans.ts'
export { createQuantile, type Distribution } from './simulation/distribution.ts'
export { type Correlation, type Draws, drawInputs, drawUniforms, type Inputs } from './simulation/draw-inputs.ts'
export { conditionalValueAtRisk, rankCorrelation, type Summary, summarize } from './simulation/sample-statistics.ts'
export {
  createInformationCurve,
  type Experiment,
  type ExperimentChoice,
  gradeKnowledge,
  type InformationValue,
  preposteriorSd,
  rankExperiments,
  valuePerfectInformation,
  valueTwoActions,
} from './value-of-information.ts'
