/** Runs training steps of one batch shape: fills the inputs and moves the embedding rows in and out. */
import { present } from '../base/index.ts'
import { type Graph, type Model, scalar, type Tensor, zeros } from '../onnx/index.ts'
import type { SessionOptions } from '../runtime/index.ts'
import type { DropoutPool } from './dropout-pool.ts'
import { rowIndexName } from './open-encoder.ts'
import { openStateRunner, type StateEntry } from './state-runner.ts'
import { batchWeightName, type StepGraph, type StepShape } from './step-graph.ts'

/** Token ids of up to `rows` texts, each at most `length` long, with the target distribution of each. */
export type StepBatch = { readonly ids: readonly ArrayLike<number>[]; readonly targets: (row: number) => Float32Array }

export type StepInputs = {
  /** Of the optimizer, where the step ends with an update. */
  readonly scalars: Readonly<Record<string, Tensor>>
  /** The batch's share in its update. */
  readonly weight: number
  /** Distinct for each batch of a run: draws the dropout masks. */
  readonly draw: number
}

export type StepRunner = {
  readonly graph: Graph
  /** Returns the loss, the gradient norm where the step ends with an update, and the token ids that the batch holds. */
  run(
    batch: StepBatch,
    inputs: StepInputs,
  ): Promise<{ loss: number; gradientNorm: number | null; ids: readonly number[] }>
  release(): Promise<void>
}

export async function openStepRunner(
  { model: graph, masks, shape }: StepGraph & { shape: StepShape },
  options: {
    model: Model
    labelCount: number
    padId: number
    state: readonly StateEntry[]
    dropoutPool: DropoutPool
    session?: SessionOptions | undefined
  },
): Promise<StepRunner> {
  const { labelCount, padId, dropoutPool, state, session } = options
  const runner = await openStateRunner(graph, { state, rowCount: shape.rows * shape.length, session })
  const batchTensors = createBatchTensors(options.model, shape, labelCount)
  const hasWeight = graph.graph.inputs.some(({ name }) => name === batchWeightName)
  return {
    graph: graph.graph,
    async run(batch, { scalars, weight, draw }) {
      const ids = fillBatch(batchTensors, batch, shape, padId)
      const drawn = dropoutPool.draw(draw, masks)
      const results = await runner.run(ids, {
        ...batchTensors,
        ...scalars,
        ...(hasWeight ? { [batchWeightName]: scalar('float32', weight) } : {}),
        ...Object.fromEntries(drawn.map((mask, i) => [present(masks[i], 'mask').name, mask])),
      })
      const norm = results.gradient_norm
      return { loss: numberOf(present(results.loss, 'loss')), gradientNorm: norm ? numberOf(norm) : null, ids }
    },
    release: () => runner.release(),
  }
}

export function numberOf({ data }: Tensor): number {
  return Number(data[0])
}

function createBatchTensors(model: Model, { rows, length }: StepShape, labelCount: number): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = { targets: zeros('float32', [rows, labelCount]) }
  for (const { name } of model.graph.inputs) tensors[name] = zeros('int64', [rows, length])
  return tensors
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
