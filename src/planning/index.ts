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
export { fitLearningCurve, type LearningFit, type LearningObservation } from './curves/fit-learning-curve.ts'
export { findLabelsNeeded, findOptimalLabels, type LabelsNeeded } from './curves/labels-needed.ts'
export {
  errorAt,
  errorSlopeAt,
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
  type SpendCurve,
} from './curves/spend-curve.ts'
export { weighByRank, weighByTestError } from './curves/weigh-observations.ts'
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
