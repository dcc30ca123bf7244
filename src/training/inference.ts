/** Runs a classifier on its parameters while they are being trained: no copy of the weights, any batch shape. */
import { present } from '../base/index.ts'
import { encodeModel, type Model, type Tensor } from '../onnx/index.ts'
import { openSession, type SessionOptions } from '../runtime/index.ts'
import { embeddingName } from './attach-head.ts'
import type { Parameter } from './parameters.ts'

export type Inference = {
  /** Logits [count, labels] in the order of the texts. */
  classify(ids: readonly ArrayLike<number>[]): Promise<Float32Array>
  /** Embeddings [count, hidden] in the order of the texts. */
  embed(ids: readonly ArrayLike<number>[]): Promise<Float32Array>
  release(): Promise<void>
}

export type InferenceOptions = {
  model: Model
  parameters: readonly Parameter[]
  padId: number
  tokensPerBatch: number
  session?: SessionOptions
}

export async function openInference({
  model,
  parameters,
  padId,
  tokensPerBatch,
  session: settings,
}: InferenceOptions): Promise<Inference> {
  const session = await openSession(encodeModel(withParametersAsInputs(model, parameters)), settings)
  const state = Object.fromEntries(parameters.map(({ name, value }) => [name, value]))
  const inputs = model.graph.inputs.map(({ name }) => name)
  const run = async (ids: readonly ArrayLike<number>[], output: string) => {
    let result: Float32Array | undefined
    for (const batch of batchesByLength(ids, tokensPerBatch)) {
      const feeds = {
        ...state,
        ...padBatch(
          batch.map((i) => ids[i] as ArrayLike<number>),
          inputs,
          padId,
        ),
      }
      const rows = present((await session.run(feeds, { [output]: null }))[output], output)
      const width = rows.dims[1] as number
      result ??= new Float32Array(ids.length * width)
      for (const [row, i] of batch.entries()) {
        result.set((rows.data as Float32Array).subarray(row * width, (row + 1) * width), i * width)
      }
    }
    return result ?? new Float32Array(0)
  }
  return {
    classify: (ids) => run(ids, 'logits'),
    embed: (ids) => run(ids, embeddingName),
    release: () => session.release(),
  }
}

/** Indices of texts of similar length, each batch within the token budget once padded. */
function* batchesByLength(ids: readonly ArrayLike<number>[], tokensPerBatch: number): Generator<number[]> {
  const order = ids.map((_, i) => i).sort((a, b) => (ids[a]?.length ?? 0) - (ids[b]?.length ?? 0) || a - b)
  let batch: number[] = []
  for (const i of order) {
    if (batch.length > 0 && (batch.length + 1) * (ids[i]?.length ?? 0) > tokensPerBatch) {
      yield batch
      batch = []
    }
    batch.push(i)
  }
  if (batch.length > 0) yield batch
}

function padBatch(ids: readonly ArrayLike<number>[], inputs: readonly string[], padId: number): Record<string, Tensor> {
  const length = Math.max(1, ...ids.map((text) => text.length))
  const dims = [ids.length, length]
  const fill = (value: (text: ArrayLike<number>, position: number) => number): Tensor => {
    const data = new BigInt64Array(ids.length * length)
    ids.forEach((text, row) => {
      for (let position = 0; position < length; position++)
        data[row * length + position] = BigInt(value(text, position))
    })
    return { dtype: 'int64', dims, data }
  }
  const values: Record<string, (text: ArrayLike<number>, position: number) => number> = {
    input_ids: (text, position) => text[position] ?? padId,
    attention_mask: (text, position) => (position < text.length ? 1 : 0),
    token_type_ids: () => 0,
  }
  return Object.fromEntries(inputs.map((name) => [name, fill(present(values[name], `input ${name}`))]))
}

function withParametersAsInputs(model: Model, parameters: readonly Parameter[]): Model {
  const names = new Set(parameters.map(({ name }) => name))
  const { graph } = model
  return {
    ...model,
    graph: {
      ...graph,
      inputs: [
        ...graph.inputs,
        ...parameters.map(({ name, value }) => ({ name, dtype: value.dtype, dims: value.dims })),
      ],
      outputs: [...graph.outputs, { name: embeddingName, dtype: 'float32', dims: ['batch_size', null] }],
      initializers: new Map([...graph.initializers].filter(([name]) => !names.has(name))),
    },
  }
}
