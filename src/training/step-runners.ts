import { assert, present } from '../base/index.ts'
import { type Graph, type Model, scalar, type Tensor, zeros } from '../onnx/index.ts'
import type { SessionOptions } from '../runtime/index.ts'
import { createDropoutPool } from './dropout-pool.ts'
import type { Optimizer } from './optimizers.ts'
import { isTrained, type Parameter } from './parameters.ts'
import type { Precision, Recompute } from './settings.ts'
import { openStateRunner, type StateEntry, stateEntries } from './state-runner.ts'
import { buildStepGraph, buildUpdateGraph, type StepShape, type StepTask } from './step-graph.ts'
import { numberOf, openStepRunner, type StepBatch, type StepRunner } from './step-runner.ts'
import { distinctRates, scalarName } from './step-state.ts'

/** A batch and the shape, rows × length, of the graph that it runs in. */
export type ShapedBatch = StepBatch & { readonly shape: StepShape }

export type StepRates = {
  /** The schedule's factor on every learning rate. */
  readonly factor: number
  /** Number of this update, from 1. */
  readonly step: number
}

export type StepResult = { readonly loss: number; readonly gradientNorm: number }

/** Training steps of all batch shapes of a run, over the same parameters. */
export type StepRunners = {
  /** One update from up to `accumulate` batches; each example counts the same. */
  update(batches: readonly ShapedBatch[], rates: StepRates): Promise<StepResult>
  /** The graph that batches of this shape run in. */
  graph(shape: StepShape): Graph
  release(): Promise<void>
}

export type StepRunnersOptions = {
  model: Model
  parameters: readonly Parameter[]
  task: StepTask
  padId: number
  dropout: number
  clipNorm: number
  optimizer: Optimizer
  precision: Precision
  recompute: Recompute
  weightDecay: number
  accumulate: number
  seed: number
  session?: SessionOptions | undefined
}

/** Tokens in a step up to which its largest values are small blocks of the heap. */
const heapTokensMax = 1024

export async function openStepRunners(shapes: readonly StepShape[], options: StepRunnersOptions): Promise<StepRunners> {
  const { parameters, accumulate } = options
  const distinct = new Map(shapes.map(({ rows, length }) => [keyOf({ rows, length }), { rows, length }]))
  const ending = accumulate > 1 ? 'sum' : 'update'
  const device = options.session?.device ?? 'cpu'
  const graphs = [...distinct.values()].map((shape) => {
    return { shape, ...buildStepGraph({ ...options, shape, ending, device }) }
  })
  const masks = graphs.flatMap((graph) => graph.masks)
  const dropoutPool = createDropoutPool(options.seed, masks)
  const trained = accumulate > 1 ? parameters.filter(isTrained) : []
  const sums = new Map(trained.map(({ name, value }) => [name, zeros('float32', value.dims)]))
  const state = stateEntries(parameters, sums)
  // Blocks of up to 32 MiB come back from the heap at little cost, 4 to 8 % of a step; larger ones are mapped anew each time.
  const tokensMax = Math.max(0, ...graphs.map(({ shape }) => shape.rows * shape.length))
  const session: SessionOptions = { memory: tokensMax > heapTokensMax ? 'arena' : 'heap', ...options.session }
  const graphOf = (shape: StepShape) => {
    const key = keyOf(shape)
    return present(
      graphs.find((graph) => keyOf(graph.shape) === key),
      `graph of ${key}`,
    )
  }
  const runners = new Map<string, StepRunner>()
  /** Sessions are opened at their first step, so that the first step of a run waits for its own alone. */
  const open = async (shape: StepShape): Promise<StepRunner> => {
    const runner =
      runners.get(keyOf(shape)) ?? (await openStepRunner(graphOf(shape), { ...options, session, state, dropoutPool }))
    runners.set(keyOf(shape), runner)
    return runner
  }
  const updater =
    accumulate > 1 ? await openUpdater(sums, state, { ...options, session, rowCount: accumulate * tokensMax }) : null
  return {
    async update(batches, rates) {
      assert(batches.length <= accumulate, `internal: ${batches.length} batches for an update of ${accumulate}`)
      const scalars = scalarFeeds(options, rates)
      const exampleCount = batches.reduce((sum, batch) => sum + batch.exampleCount, 0)
      const touched = new Set<number>()
      let loss = 0
      let gradientNorm: number | null = null
      for (const [i, batch] of batches.entries()) {
        const weight = batch.exampleCount / exampleCount
        const draw = (rates.step - 1) * accumulate + i + 1
        const runner = await open(batch.shape)
        const result = await runner.run(batch, { scalars: updater ? {} : scalars, weight, draw })
        loss += weight * result.loss
        gradientNorm = result.gradientNorm
        for (const id of result.ids) touched.add(id)
      }
      return { loss, gradientNorm: updater ? await updater.run([...touched], scalars) : present(gradientNorm, 'norm') }
    },
    graph: (shape) => graphOf(shape).model.graph,
    async release() {
      for (const runner of runners.values()) await runner.release()
      await updater?.release()
    },
  }
}

/** Applies the summed gradients, then clears them; returns their norm. */
async function openUpdater(
  sums: ReadonlyMap<string, Tensor>,
  state: readonly StateEntry[],
  options: StepRunnersOptions & { rowCount: number },
) {
  const runner = await openStateRunner(buildUpdateGraph(options.parameters, options), { ...options, state })
  const sparse = options.parameters.find(({ isSparse }) => isSparse)?.name
  return {
    async run(ids: readonly number[], scalars: Readonly<Record<string, Tensor>>): Promise<number> {
      const { gradient_norm: norm } = await runner.run(ids, scalars)
      for (const [name, sum] of sums) {
        if (name === sparse) clearRows(sum, ids)
        else (sum.data as Float32Array).fill(0)
      }
      return numberOf(present(norm, 'gradient norm'))
    },
    release: () => runner.release(),
  }
}

/** Sets these rows of a table to zero. */
export function clearRows({ dims, data }: Tensor, ids: readonly number[]): void {
  const width = dims[1] as number
  for (const id of ids) (data as Float32Array).fill(0, id * width, (id + 1) * width)
}

/** The optimizer's scalars of one update, for each distinct learning rate. */
function scalarFeeds(
  { parameters, optimizer, weightDecay }: StepRunnersOptions,
  { factor, step }: StepRates,
): Record<string, Tensor> {
  const entries = distinctRates(parameters).flatMap((rate, i) => {
    const learningRate = rate * factor
    const scalars = { ...optimizer.scalars(learningRate, step), decay: 1 - learningRate * weightDecay }
    return Object.entries(scalars).map(([name, value]) => [scalarName(i, name), scalar('float32', value)] as const)
  })
  return Object.fromEntries(entries)
}

export function keyOf({ rows, length }: StepShape): string {
  return `${rows} × ${length}`
}
