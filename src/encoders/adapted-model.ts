/** A base model with adapters that are not its own: as inputs, to be exchanged from run to run, or merged into its weights. */
import { InvalidInputError } from '../base/index.ts'
import type { AdapterConfig } from '../contracts/index.ts'
import type { Model, Tensor, ValueInfo } from '../onnx/index.ts'
import type { LoadedAdapter } from './adapter-files.ts'
import { adapterNames, mergeAdapters, openAdapters } from './adapters.ts'
import { attachHead, headBiasName, headWeightName } from './attach-head.ts'
import { openEncoder } from './open-encoder.ts'

/** Adapters of equal form run in one graph: they adapt the same weights and have the same kind of head; rank and labels may differ. */
export function adapterForm({ capstan: { base, head, weights } }: AdapterConfig): string {
  return JSON.stringify([base.sha256, head.form, head.pooling, weights.map(({ name }) => name)])
}

/** The base with `adapterFeeds` as inputs. */
export async function openAdaptedModel(baseFolder: string, config: AdapterConfig): Promise<Model> {
  const model = openAdapters(await openWithHead(baseFolder, config, 1), weightNames(config))
  const { graph } = model
  const initializers = new Map(graph.initializers)
  const unknown = ({ name, dtype, dims }: Pick<ValueInfo, 'name' | 'dtype' | 'dims'>): ValueInfo => {
    return { name, dtype, dims: (dims ?? []).map(() => null) }
  }
  const head = [headWeightName, headBiasName].flatMap((name) => {
    const tensor = initializers.get(name)
    initializers.delete(name)
    return tensor ? [unknown({ name, ...tensor })] : []
  })
  return {
    ...model,
    graph: { ...graph, initializers, inputs: [...graph.inputs, ...head], outputs: graph.outputs.map(unknown) },
  }
}

/** What makes the graph of `openAdaptedModel` this adapter's model. */
export function adapterFeeds({ config, adapters, head }: LoadedAdapter): Record<string, Tensor> {
  const scale = config.lora_alpha / config.r
  const factors = adapters.flatMap(({ weight, a, b }) => {
    const names = adapterNames(weight)
    const scaled = { ...b, data: (b.data as Float32Array).map((value) => scale * value) }
    return [[names.a, a] as const, [names.b, scaled] as const]
  })
  return Object.fromEntries([...factors, ...head])
}

/** The model that the adapter makes of its base: as large and as fast as the base. */
export async function mergeModel(baseFolder: string, { config, adapters, head }: LoadedAdapter): Promise<Model> {
  const model = await openWithHead(baseFolder, config, head.get(headBiasName)?.dims[0] ?? 1)
  const initializers = new Map([...model.graph.initializers, ...head])
  const scale = { rank: config.r, alpha: config.lora_alpha }
  return mergeAdapters({ ...model, graph: { ...model.graph, initializers } }, adapters, scale)
}

async function openWithHead(baseFolder: string, config: AdapterConfig, width: number): Promise<Model> {
  const encoder = await openEncoder(baseFolder)
  const missing = weightNames(config).filter((name) => !encoder.model.graph.initializers.has(name))
  if (missing.length > 0) {
    throw new InvalidInputError('encoders.other-base', `${baseFolder} has no weights ${missing.join(', ')}`, {
      hint: `The adapter was trained on ${config.base_model_name_or_path}: give that.`,
    })
  }
  return attachHead(encoder, { ...config.capstan.head, width, seed: 0 })
}

function weightNames({ capstan }: AdapterConfig): string[] {
  return capstan.weights.map(({ name }) => name)
}
