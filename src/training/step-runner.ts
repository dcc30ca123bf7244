/** Runs training steps of one batch shape: fills the inputs, moves the embedding rows in and out, keeps no state of its own. */
import { present } from '../base/index.ts'
import { encodeModel, type Graph, type Model, type Tensor, zeros } from '../onnx/index.ts'
import { openSession, type SessionOptions } from '../runtime/index.ts'
import type { DropoutPool } from './dropout-pool.ts'
import { rowIndexName } from './open-encoder.ts'
import { adamWScalars } from './optimizer.ts'
import type { Parameter } from './parameters.ts'
import { type StepGraph, type StepGraphOptions, type StepShape, stateNames } from './step-graph.ts'

/** Token ids of up to `rows` texts, each at most `length` long, with the target distribution of each. */
export type StepBatch = { readonly ids: readonly ArrayLike<number>[]; readonly targets: (row: number) => Float32Array }

export type StepRates = {
  readonly learningRate: number
  readonly headLearningRate: number /** Counted from 1. */
  readonly step: number
}

export type StepResult = { readonly loss: number; readonly gradientNorm: number }

export type StepRunner = {
  readonly shape: StepShape
  /** What it runs. */
  readonly graph: Graph
  run(batch: StepBatch, rates: StepRates): Promise<StepResult>
  release(): Promise<void>
}

export type StepRunnerOptions = Omit<StepGraphOptions, 'shape'> & { padId: number; session?: SessionOptions }

export async function openStepRunner(
  graph: StepGraph & { shape: StepShape },
  dropoutPool: DropoutPool | null,
  options: StepRunnerOptions,
): Promise<StepRunner> {
  const { parameters, labelCount, optimizer } = options
  const { shape } = graph
  const session = await openSession(encodeModel(graph.model), options.session)
  const feeds: Record<string, Tensor> = {}
  const fetches: Record<string, Tensor | null> = { loss: null, gradient_norm: null }
  const tables = parameters.filter(({ isSparse }) => isSparse).map((parameter) => createRowBuffers(parameter, shape))
  for (const { name, value, moments } of parameters) {
    const names = stateNames(name)
    const table = tables.find(({ parameter }) => parameter.name === name)
    const tensors = table ? table.buffers : ([value, ...moments] as const)
    const inputs = [names.value, ...names.moments]
    const outputs = [names.next.value, ...names.next.moments]
    tensors.forEach((tensor, i) => {
      feeds[present(inputs[i], 'input name')] = tensor
      fetches[present(outputs[i], 'output name')] = tensor
    })
  }
  const batchTensors = createBatchTensors(options.model, shape, labelCount)
  const rateTensors = createRateTensors()
  Object.assign(feeds, batchTensors, rateTensors)
  return {
    shape,
    graph: graph.model.graph,
    async run(batch, { learningRate, headLearningRate, step }) {
      const rows = fillBatch(batchTensors, batch, shape, options.padId)
      for (const table of tables) table.load(rows)
      const rates = { body: learningRate, head: headLearningRate }
      for (const [group, rate] of Object.entries(rates)) {
        const scalars = adamWScalars(rate, step, optimizer)
        setScalar(rateTensors[`${group}/step_size`], scalars.stepSize)
        setScalar(rateTensors[`${group}/epsilon`], scalars.epsilon)
        setScalar(rateTensors[`${group}/decay`], scalars.decay)
      }
      dropoutPool?.draw(step, graph.masks).forEach((mask, i) => {
        feeds[present(graph.masks[i], 'mask').name] = mask
      })
      const results = await session.run(feeds, fetches)
      for (const table of tables) table.store(rows)
      return { loss: scalarOf(results.loss), gradientNorm: scalarOf(results.gradient_norm) }
    },
    release: () => session.release(),
  }
}

/** The rows of the table that a batch uses, gathered into a small matrix and written back after the step. */
function createRowBuffers(parameter: Parameter, { rows, length }: StepShape) {
  const [size, width] = parameter.value.dims as [number, number]
  const count = Math.min(rows * length, size)
  const buffers = [0, 1, 2].map(() => zeros('float32', [count, width]))
  const full = [parameter.value, ...parameter.moments].map(({ data }) => data as Float32Array)
  const each = (
    ids: readonly number[],
    move: (table: Float32Array, buffer: Float32Array, id: number, row: number) => void,
  ) => {
    full.forEach((table, i) => {
      const buffer = buffers[i]?.data as Float32Array
      ids.forEach((id, row) => {
        move(table, buffer, id, row)
      })
    })
  }
  return {
    parameter,
    buffers,
    load: (ids: readonly number[]) =>
      each(ids, (table, buffer, id, row) => buffer.set(table.subarray(id * width, (id + 1) * width), row * width)),
    store: (ids: readonly number[]) =>
      each(ids, (table, buffer, id, row) => table.set(buffer.subarray(row * width, (row + 1) * width), id * width)),
  }
}

function createBatchTensors(model: Model, { rows, length }: StepShape, labelCount: number): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = { targets: zeros('float32', [rows, labelCount]) }
  for (const { name } of model.graph.inputs) tensors[name] = zeros('int64', [rows, length])
  return tensors
}

function createRateTensors(): Record<string, Tensor> {
  const names = ['step_size', 'epsilon', 'decay'].flatMap((name) => [`body/${name}`, `head/${name}`])
  return Object.fromEntries(names.map((name) => [name, zeros('float32', [])]))
}

/** Writes a batch into its tensors and returns the distinct token ids, in the order that `row_index` counts them. */
function fillBatch(
  tensors: Record<string, Tensor>,
  { ids, targets }: StepBatch,
  { rows, length }: StepShape,
  padId: number,
): number[] {
  const int64 = (name: string) => tensors[name]?.data as BigInt64Array | undefined
  const [inputIds, mask, rowIndex] = [int64('input_ids'), int64('attention_mask'), int64(rowIndexName)]
  const target = tensors.targets?.data as Float32Array
  const labelCount = target.length / rows
  const places = new Map<number, number>()
  for (let row = 0; row < rows; row++) {
    const text = ids[row]
    for (let position = 0; position < length; position++) {
      const id = text?.[position] ?? padId
      const index = row * length + position
      let place = places.get(id)
      if (place === undefined) {
        place = places.size
        places.set(id, place)
      }
      if (inputIds) inputIds[index] = BigInt(id)
      if (rowIndex) rowIndex[index] = BigInt(place)
      // A row without text keeps one visible token, so that no mean is taken over nothing.
      if (mask) mask[index] = position < (text?.length ?? 1) ? 1n : 0n
    }
    target.fill(0, row * labelCount, (row + 1) * labelCount)
    if (text) target.set(targets(row), row * labelCount)
  }
  return [...places.keys()]
}

function setScalar(tensor: Tensor | undefined, value: number): void {
  ;(present(tensor, 'scalar').data as Float32Array)[0] = value
}

function scalarOf(tensor: Tensor | undefined): number {
  return (present(tensor, 'scalar').data as Float32Array)[0] as number
}
