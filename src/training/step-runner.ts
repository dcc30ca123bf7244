/** Runs training steps of one batch shape: fills the inputs and moves the embedding rows in and out. */
import { present } from '../base/index.ts'
import { rowIndexName } from '../encoders/index.ts'
import { type Model, scalar, type Tensor, zeros } from '../onnx/index.ts'
import type { SessionOptions } from '../runtime/index.ts'
import type { DropoutPool } from './dropout-pool.ts'
import { openStateRunner, type StateEntry } from './state-runner.ts'
import { batchWeightName, type StepGraph, type StepShape, type StepTask } from './step-graph.ts'

/** A text's tokens; those of a second text begin at `pairStart`. */
export type TrainingText = { readonly ids: ArrayLike<number>; readonly pairStart?: number }

/** What one step sees. */
export type StepBatch = {
  /** The text of each row; rows may be empty. */
  readonly texts: readonly (TrainingText | undefined)[]
  /** The values of the task's targets. */
  readonly targets: Readonly<Record<string, Float32Array>>
  readonly exampleCount: number
}

export type StepInputs = {
  /** Of the optimizer, where the step ends with an update. */
  readonly scalars: Readonly<Record<string, Tensor>>
  /** The batch's share in its update. */
  readonly weight: number
  /** Distinct for each batch of a run: draws the dropout masks. */
  readonly draw: number
}

export type StepRunner = {
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
    task: StepTask
    padId: number
    state: readonly StateEntry[]
    dropoutPool: DropoutPool
    session?: SessionOptions | undefined
  },
): Promise<StepRunner> {
  const { task, padId, dropoutPool, state, session } = options
  const runner = await openStateRunner(graph, { state, rowCount: shape.rows * shape.length, session })
  const batchTensors = createBatchTensors(options.model, shape, task)
  const hasWeight = graph.graph.inputs.some(({ name }) => name === batchWeightName)
  return {
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

function createBatchTensors(model: Model, shape: StepShape, task: StepTask): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {}
  for (const [name, dims] of Object.entries(task.targetDims(shape))) tensors[name] = zeros('float32', dims)
  for (const { name } of model.graph.inputs) tensors[name] = zeros('int64', [shape.rows, shape.length])
  return tensors
}

/** Writes a batch into its tensors and returns the distinct token ids, in the order that `row_index` counts them. */
function fillBatch(
  tensors: Record<string, Tensor>,
  { texts, targets }: StepBatch,
  { rows, length }: StepShape,
  padId: number,
): number[] {
  const int64 = (name: string) => tensors[name]?.data as BigInt64Array | undefined
  const [inputIds, mask, rowIndex] = [int64('input_ids'), int64('attention_mask'), int64(rowIndexName)]
  const types = int64('token_type_ids')
  const places = new Map<number, number>()
  for (let row = 0; row < rows; row++) {
    const text = texts[row]
    const [size, second] = [text?.ids.length ?? 0, text?.pairStart ?? length]
    for (let position = 0; position < length; position++) {
      const id = text?.ids[position] ?? padId
      const index = row * length + position
      let place = places.get(id)
      if (place === undefined) {
        place = places.size
        places.set(id, place)
      }
      if (inputIds) inputIds[index] = BigInt(id)
      if (rowIndex) rowIndex[index] = BigInt(place)
      if (types) types[index] = position >= second && position < size ? 1n : 0n
      // A row without text keeps one visible token, so that no mean is taken over nothing.
      if (mask) mask[index] = position < Math.max(size, 1) ? 1n : 0n
    }
  }
  for (const [name, values] of Object.entries(targets)) {
    const { data } = present(tensors[name], name)
    ;(data as Float32Array).set(values)
  }
  return [...places.keys()]
}
