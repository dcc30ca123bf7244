import type { Choice, TaskKind } from '../contracts/index.ts'
import type { ChosenPrecision } from './choose-precision.ts'
import type { TrainingEstimate } from './estimate-left.ts'
import { trainedSize } from './parameters.ts'
import type { SchedulePlan } from './schedules.ts'
import type { TrainingSettings } from './settings.ts'
import type { StepResult } from './step-runners.ts'
import type { Validation } from './tasks/task.ts'
import type { TrainingRun } from './training-run.ts'

export type TrainEvent =
  | {
      type: 'train-start'
      settings: TrainingSettings
      /** How the data and the base decided settings, and what the request decided in their place. */
      choices: readonly Choice[]
      kind: TaskKind
      /** Weights that learn. */
      parameterCount: number
      precision: ChosenPrecision
      /** Updates made before an interruption. */
      resumedAt: number
      stepCount: number
      warmupSteps: number
    }
  | ({
      type: 'step-end'
      step: number
      stepCount: number
      epoch: number
      learningRate: number
      tokens: number
      seconds: number
    } & StepResult)
  /** Once, after the first steps: what the rest of the run will take. */
  | { type: 'estimate-ready'; estimate: TrainingEstimate }
  /** The run can go on from here. */
  | { type: 'checkpoint'; step: number }
  | { type: 'epoch-end'; epoch: number; step: number; validation: Validation; isBest: boolean }

export type TrainHooks = {
  onEvent?: (event: TrainEvent) => void
  /** Asked between steps; true ends the run with the best model so far. */
  shouldStop?: () => boolean
}

/** The event of a run that is about to make its first step. */
export function trainStart(
  { settings, choices, task, parameters }: TrainingRun,
  { schedule, precision, resumedAt }: { schedule: SchedulePlan; precision: ChosenPrecision; resumedAt: number },
): TrainEvent {
  return {
    type: 'train-start',
    settings,
    choices,
    kind: task.answer.kind,
    parameterCount: trainedSize(parameters),
    precision,
    resumedAt,
    ...schedule,
  }
}
