/** Runs a model on its parameters while they are being trained: no copy of the weights, any batch shape. */
import { present } from '../base/index.ts'
import { groupByLength, padTexts } from '../data/index.ts'
import { embeddingName } from '../encoders/index.ts'
import { encodeModel, type Model, sizeOf, type ValueInfo } from '../onnx/index.ts'
import { openSession, type SessionOptions } from '../runtime/index.ts'
import type { Parameter } from './parameters.ts'
import type { TrainingText } from './step-runner.ts'

export type Inference = {
  /** Each text's part of an output, in the order of the texts: of an output over tokens, those of its own. */
  outputs(texts: readonly TrainingText[], output: 'logits' | 'sentence_embedding'): Promise<Float32Array[]>
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
  return {
    async outputs(texts, output) {
      const lengths = texts.map(({ ids }) => ids.length)
      const parts: Float32Array[] = []
      for (const batch of groupByLength(lengths, tokensPerBatch)) {
        const padded = padTexts(
          batch.map((i) => texts[i] as TrainingText),
          padId,
          inputs,
        )
        const { dims, data } = present((await session.run({ ...state, ...padded }, { [output]: null }))[output], output)
        const size = sizeOf(dims.slice(1))
        for (const [row, i] of batch.entries()) {
          const own = dims.length === 3 ? (lengths[i] as number) * (dims[2] as number) : size
          parts[i] = (data as Float32Array).slice(row * size, row * size + own)
        }
      }
      return parts
    },
    release: () => session.release(),
  }
}

function withParametersAsInputs(model: Model, parameters: readonly Parameter[]): Model {
  const names = new Set(parameters.map(({ name }) => name))
  const { graph } = model
  const isInside = graph.nodes.some(({ outputs }) => outputs.includes(embeddingName))
  const isOutput = graph.outputs.some(({ name }) => name === embeddingName)
  const embedding: ValueInfo[] =
    isInside && !isOutput ? [{ name: embeddingName, dtype: 'float32', dims: ['batch_size', null] }] : []
  return {
    ...model,
    graph: {
      ...graph,
      inputs: [
        ...graph.inputs,
        ...parameters.map(({ name, value }) => ({ name, dtype: value.dtype, dims: value.dims })),
      ],
      outputs: [...graph.outputs, ...embedding],
      initializers: new Map([...graph.initializers].filter(([name]) => !names.has(name))),
    },
  }
}
