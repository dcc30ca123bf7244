/** What the rest of a run will take, from measured samples of its work. */
import { sizeOf } from '../onnx/index.ts'
import { type ExtrapolatedWork, extrapolateWork, type WorkSample } from './extrapolate-work.ts'
import { isTrained } from './parameters.ts'
import { type EpochPlan, shapeOf } from './plan-epochs.ts'
import type { StepShape } from './step-graph.ts'
import { keyOf } from './step-runners.ts'
import { tokenIds } from './time-update.ts'
import type { TrainingRun } from './training-run.ts'

export type TrainingEstimate = {
  /** Updates of the whole run, if no epoch is left out because the ones before it were no better. */
  readonly stepCount: number
  /** Tokens of all epochs, without padding. */
  readonly tokenCount: number
  /** What is left to do of it: training, validation, writing, and then answering the test texts. */
  readonly left: ExtrapolatedWork
  /** The largest resident set of this process so far. */
  readonly memoryBytesPeak: number
  /** The optimizer's state of embedding rows that no step has touched yet: memory that is taken only then. */
  readonly memoryBytesToCome: number
}

/** Measured work of each kind that a run consists of. */
export type WorkSamples = {
  /** Of batches, by their shape; units are tokens with padding. */
  readonly batches: ReadonlyMap<string, readonly WorkSample[]>
  /** Of answering texts; units are tokens without padding. */
  readonly inference: readonly WorkSample[]
  /** Of writing models and checkpoints; units are bytes. */
  readonly writing: readonly WorkSample[]
  /** Tokens that batches so far have seen. */
  readonly touched: ReadonlySet<number>
}

/** Where a run stands: `epoch` is under way, `updates` of it are made; `hasStarted`: the epoch before the first is measured. */
export type Place = { readonly epoch: number; readonly updates: number; readonly hasStarted: boolean }

/** Without a sample of inference: forward alone does about a third of the arithmetic of a step. */
const inferenceShare = 1 / 3

export function estimateLeft(run: TrainingRun, plan: EpochPlan, place: Place, samples: WorkSamples): TrainingEstimate {
  const { settings, train } = run
  const all = [...samples.batches.values()].flat()
  const padded = [...paddedTokensLeft(run, plan, place)]
  const inference = samples.inference.length > 0 ? samples.inference : all.map(scaleBy(inferenceShare))
  return {
    stepCount: plan.schedule.stepCount,
    tokenCount: settings.epochs * tokensOf(train),
    left: extrapolateWork([
      ...padded.map(([key, units]) => ({ units, samples: samples.batches.get(key) ?? all })),
      { units: inferenceTokensLeft(run, place), samples: inference },
      { units: bytesLeft(run, place), samples: samples.writing },
    ]),
    memoryBytesPeak: process.resourceUsage().maxRSS * 1024,
    memoryBytesToCome: tableBytesToCome(run, samples.touched),
  }
}

/** A batch's size in the unit of its samples: tokens with padding. */
export function paddedSize({ rows, length }: StepShape): number {
  return rows * length
}

/** Nearly: all weights are written as float32, and little else. */
export function modelBytes({ model }: Pick<TrainingRun, 'model'>): number {
  return 4 * [...model.graph.initializers.values()].reduce((sum, { dims }) => sum + sizeOf(dims), 0)
}

export function tokensOf({ texts }: Pick<TrainingRun['train'], 'texts'>): number {
  return texts.flat().reduce((sum, { ids }) => sum + ids.length, 0)
}

function paddedTokensLeft(run: TrainingRun, plan: EpochPlan, { epoch: first, updates }: Place): Map<string, number> {
  const left = new Map<string, number>()
  for (let epoch = first; epoch <= run.settings.epochs; epoch++) {
    for (const batch of plan
      .updates(epoch)
      .slice(epoch === first ? updates : 0)
      .flat()) {
      const shape = shapeOf(run, batch)
      left.set(keyOf(shape), (left.get(keyOf(shape)) ?? 0) + paddedSize(shape))
    }
  }
  return left
}

function inferenceTokensLeft({ task, request, train, validation, ...run }: TrainingRun, place: Place): number {
  const startTexts = place.hasStarted ? [] : (task.startExamples ?? []).map((i) => train.texts[i] ?? [])
  const start = tokensOf({ texts: startTexts })
  const perText = tokensOf(train) / Math.max(1, train.texts.length)
  return start + endsLeft(run, place) * tokensOf(validation) + (request.testCount ?? 0) * perText
}

/** Every epoch might be the best so far; each is followed by a checkpoint, where the run writes any. */
function bytesLeft(run: TrainingRun, place: Place): number {
  const trained = run.parameters.filter(isTrained)
  const floats = trained.reduce(
    (sum, { value, update }) => sum + [value, ...update.slots].reduce((all, { dims }) => all + sizeOf(dims), 0),
    0,
  )
  const checkpoints = run.request.checkpoint ? run.settings.epochs - place.epoch + 1 : 0
  return endsLeft(run, place) * modelBytes(run) + 4 * floats * checkpoints
}

/** How often the validation examples are still to be measured, and a model perhaps written. */
function endsLeft({ settings }: Pick<TrainingRun, 'settings'>, { epoch, hasStarted }: Place): number {
  return settings.epochs - epoch + 1 + (hasStarted ? 0 : 1)
}

function tableBytesToCome({ parameters, train }: TrainingRun, touched: ReadonlySet<number>): number {
  const toCome = [...tokenIds(train.texts.map((texts) => ({ texts })))].filter((id) => !touched.has(id)).length
  const tables = parameters.filter(isTrained).filter(({ isSparse }) => isSparse)
  const perRow = tables.flatMap(({ value, update }) =>
    update.slots.flatMap(({ dims }) => (dims[0] === value.dims[0] ? [4 * sizeOf(dims.slice(1))] : [])),
  )
  return toCome * perRow.reduce((sum, bytes) => sum + bytes, 0)
}

function scaleBy(factor: number) {
  return ({ seconds, cpuSeconds, units }: WorkSample): WorkSample => {
    return { seconds: factor * seconds, cpuSeconds: factor * cpuSeconds, units }
  }
}
