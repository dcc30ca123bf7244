export { wilsonInterval } from '../base/index.ts'
export { openEncoder } from '../encoders/index.ts'
export type { CheckpointOptions } from './checkpoint.ts'
export { chooseSettings, type SettingsFacts } from './choose-settings.ts'
export type { TrainingEstimate } from './estimate-left.ts'
export { estimateTraining, type ProbedEstimate } from './estimate-training.ts'
export { insertDropout } from './insert-dropout.ts'
export { evaluateLogits } from './metrics/evaluate-classes.ts'
export { evaluateGrades } from './metrics/evaluate-grades.ts'
export { evaluateLabels } from './metrics/evaluate-labels.ts'
export { evaluateEmbeddings } from './metrics/evaluate-matches.ts'
export { evaluateNumbers } from './metrics/evaluate-numbers.ts'
export { evaluateSpans } from './metrics/evaluate-spans.ts'
export type {
  ClassMetrics,
  ClassReport,
  EvaluationReport,
  PrimaryScore,
  ReportOf,
} from './metrics/evaluation-report.ts'
export type { TrainingSettings } from './settings.ts'
export { startEstimate, startTraining, type TrainingJob } from './start-training.ts'
export type { StepShape } from './step-graph.ts'
export type { Validation } from './tasks/task.ts'
export type { TrainEvent, TrainHooks } from './train-event.ts'
export { type TrainResult, trainModel } from './train-model.ts'
export { openRunSteps, openTrainingRun, type TrainRequest } from './training-run.ts'
