/** Runs a classifier on its parameters while they are being trained: no copy of the weights, any batch shape. */
import { present } from '../base/index.ts'
import { groupByLength, padTexts } from '../data/index.ts'
import { encodeModel, type Model } from '../onnx/index.ts'
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
    const lengths = ids.map(({ length }) => length)
    let result: Float32Array | undefined
    for (const batch of groupByLength(lengths, tokensPerBatch)) {
      const feeds = {
        ...state,
        ...padTexts(
          batch.map((i) => ({ ids: ids[i] as ArrayLike<number> })),
          padId,
          inputs,
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
