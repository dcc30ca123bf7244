/** A task's learning curve, measured: models trained on nested parts of its examples, each tested on the same held-out ones. */
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, present, sha256 } from '../../base/index.ts'
import type { Device, Money, TaskKind } from '../../contracts/index.ts'
import { type Example, fingerprintExamples, nestExamples, splitExamples } from '../../data/index.ts'
import { type ExtendedCurve, extendLearningCurve } from '../../planning/index.ts'
import { type BaseModel, type LearningPoint, resolveBaseModel } from '../../registry/index.ts'
import { requireDevice } from '../../runtime/index.ts'
import type { TrainEvent, TrainingSettings } from '../../training/index.ts'
import type { PlatformContext } from '../create-platform.ts'
import { readTaskExamples } from '../flywheel/retrain-task.ts'
import { hubAccess } from '../hub-access.ts'
import { type DataRequest, defaultSeed, prepareData } from '../prepare-data.ts'
import { refuseBadName } from '../train-task.ts'
import { chooseSizes, sizesMin } from './choose-sizes.ts'
import { measurePoint } from './measure-point.ts'

export type CurveRequest = Omit<DataRequest, 'data'> & {
  task: string
  /** A labelled file; where left out, what the task has learnt from teacher, people and feedback. */
  data?: string | undefined
  /** One curve for each; the bundled model where left out. */
  bases?: readonly string[] | undefined
  /** Sizes of training set; by the number of examples and labels where left out. */
  sizes?: readonly number[] | undefined
  /** Trainings of each size, each on another nested part; default 3. */
  seeds?: number | undefined
  /** Sizes to foresee; twice and four times the largest where left out. */
  at?: readonly number[] | undefined
  /** Score to be reached, below 1. */
  target?: number | undefined
  settings?: Partial<TrainingSettings> | undefined
  device?: Device | undefined
  onEvent?: ((event: CurveEvent) => void) | undefined
  signal?: AbortSignal | undefined
}

export type CurveEvent =
  | { type: 'sizes-ready'; train: number; test: number; sizes: readonly number[]; trainings: number; known: number }
  | { type: 'point-start'; base: string; labels: number; seed: number; index: number; trainings: number }
  | { type: 'point-end'; point: LearningPoint }
  | TrainEvent

export type MeasuredCurve = {
  base: string
  /** Weights that learn. */
  parameters: number
  points: LearningPoint[]
} & ({ extended: ExtendedCurve } | { extended: null; why: string })

export type CurveResult = {
  task: string
  kind: TaskKind
  testExamples: number
  /** Score that was asked for. */
  target: number | null
  /** In the order of the bases. */
  curves: MeasuredCurve[]
  /** Of the trainings that were made now; null where all were known. */
  cost: Money | null
}

/** More is held out than for one training: what the tests do not tell blurs every point of the curve. */
const testShare = 0.2
const testMax = 2000
const seedsDefault = 3

/**
 * Measures what is not known yet and fits the curve. Each model is a run of its own, booked, and its score is kept: after a
 * kill the next call goes on. Throws InvalidInputError `curve.no-data`,
 * `curve.too-few-examples`, `curve.bad-sizes`, `curve.bad-target`.
 */
export async function measureCurve(context: PlatformContext, request: CurveRequest): Promise<CurveResult> {
  const { registry } = context
  const { task, seeds = seedsDefault, settings = {}, device = context.device, onEvent = () => {}, signal } = request
  await requireDevice(device)
  const { kind, pool, test, sizes } = await readCurveData(context, request)
  const recipes = await describeRecipes(context, request, [...pool, ...test])
  await registry.ensureTask(task)
  await removeLeftovers(context)
  const known = await registry.listLearningPoints(task)
  const wanted = recipes.flatMap(({ recipe, base }) =>
    sizes.flatMap((labels) =>
      Array.from({ length: seeds }, (_, i) => ({ recipe, base, labels, seed: defaultSeed + i })),
    ),
  )
  const missing = wanted.filter(
    ({ recipe, labels, seed }) =>
      !known.some((point) => point.recipe === recipe && point.labels === labels && point.seed === seed),
  )
  const trainings = missing.length
  onEvent({
    type: 'sizes-ready',
    train: pool.length,
    test: test.length,
    sizes,
    trainings,
    known: wanted.length - trainings,
  })
  const costs: Money[] = []
  for (const [index, { recipe, base, labels, seed }] of missing.entries()) {
    signal?.throwIfAborted()
    onEvent({ type: 'point-start', base: base.name, labels, seed, index, trainings })
    const train = nestExamples(pool, seed).slice(0, labels)
    const place = { task, recipe, seed, base, kind, train, test, settings, device, onEvent, signal }
    const { point, cost } = await measurePoint(context, place)
    known.push(point)
    costs.push(cost)
    onEvent({ type: 'point-end', point })
  }
  return {
    task,
    kind,
    testExamples: test.length,
    target: request.target ?? null,
    curves: recipes.map(({ recipe, base }) => {
      // Sizes that were measured earlier count too: they are of the same recipe.
      const points = known
        .filter((point) => point.recipe === recipe)
        .sort((a, b) => a.labels - b.labels || a.seed - b.seed)
      const { parameters } = present(points[0], 'a point')
      return { base: base.name, parameters, points, ...extend(points, request) }
    }),
    cost: costs.length === 0 ? null : sumOf(costs),
  }
}

/** What a curve is measured on; throws what `measureCurve` throws for a request that it cannot carry out. */
export async function readCurveData(context: PlatformContext, request: CurveRequest) {
  refuseBadName(request.task)
  refuseBadTarget(request.target)
  const read = await readData(context, request)
  return { ...read, sizes: chooseSizes(read.pool, request.sizes) }
}

function refuseBadTarget(target: number | undefined): void {
  if (target === undefined || (target > 0 && target < 1)) return
  throw new InvalidInputError('curve.bad-target', `No number of labels brings a score of ${target}`, {
    hint: 'Give a target between 0 and 1, such as 0.95.',
  })
}

type CurveData = { kind: TaskKind; pool: Example[]; test: Example[] }

async function readData(context: PlatformContext, { data, task, test, ...options }: CurveRequest): Promise<CurveData> {
  const hold = (kind: TaskKind, examples: readonly Example[]): CurveData => {
    const size = Math.min(testMax, Math.round(testShare * examples.length))
    const split = splitExamples(examples, { seed: defaultSeed, test: size })
    return { kind, pool: split.train, test: split.test }
  }
  if (data === undefined) {
    const kind = context.tasks.of(task)?.kind
    if (kind !== 'classify' && kind !== 'multilabel') {
      throw new InvalidInputError('curve.no-data', `No file was given, and task ${task} keeps no examples`, {
        hint: `Give a labelled file: capstan curve tickets.csv --task ${task}`,
      })
    }
    return hold(kind, await readTaskExamples(context, task, kind))
  }
  const prepared = await prepareData({ ...options, data, ...(test === undefined ? {} : { test }), seed: defaultSeed })
  const pool = [...prepared.train, ...prepared.validation]
  return test === undefined ? hold(prepared.kind, [...pool, ...prepared.test]) : { ...prepared, pool }
}

type Recipe = { recipe: string; base: BaseModel }

/** What makes points comparable, for each base: the same examples in the same order, weights and settings. */
async function describeRecipes(
  { store }: PlatformContext,
  { bases, settings = {}, signal }: CurveRequest,
  examples: readonly Example[],
): Promise<Recipe[]> {
  const fingerprint = fingerprintExamples(examples)
  const { seed: _, ...rest } = settings
  const recipes: Recipe[] = []
  for (const spec of bases ?? [undefined]) {
    const base = await resolveBaseModel(spec, {
      cacheFolder: store.folder,
      ...hubAccess(),
      ...(signal ? { signal } : {}),
    })
    recipes.push({ base, recipe: sha256(JSON.stringify([fingerprint, base.sha256, Object.entries(rest).sort()])) })
  }
  return recipes
}

/** What killed processes were training. */
async function removeLeftovers({ registry, store }: PlatformContext): Promise<void> {
  const folder = join(store.folder, 'curve')
  const runs = existsSync(folder) ? await readdir(folder) : []
  for (const run of runs) {
    const hold = await registry.tryHoldRun(run)
    if (hold) await rm(join(folder, run), { recursive: true, force: true })
    await hold?.release()
  }
}

function extend(
  points: readonly LearningPoint[],
  { at, target }: CurveRequest,
): { extended: ExtendedCurve } | { extended: null; why: string } {
  const sizes = new Set(points.map(({ labels }) => labels))
  if (sizes.size < sizesMin) {
    const why = `${sizes.size} sizes of training set were measured; a curve takes ${sizesMin}, each some twice the one before.`
    return { extended: null, why }
  }
  const most = Math.max(...sizes)
  const { testExamples } = present(points[0], 'a point')
  const scores = points.map(({ labels, score }) => ({ labels, score: score.value }))
  return { extended: extendLearningCurve(scores, { testExamples, at: at ?? [2 * most, 4 * most], target }) }
}

function sumOf(costs: readonly Money[]): Money {
  const { currency } = present(costs[0], 'a cost')
  return { currency, amountMicro: costs.reduce((sum, { amountMicro }) => sum + amountMicro, 0n) }
}
