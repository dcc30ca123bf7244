/** A base model as training sees it: its graph with float weights, and what its folder says about its use. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, NotFoundError } from '../base/index.ts'
import { type Model, type Node, readModel } from '../onnx/index.ts'
import type { Pooling } from './attach-head.ts'
import { widenWeights } from './widen-weights.ts'

export type Encoder = {
  readonly folder: string
  readonly config: Readonly<Record<string, unknown>>
  readonly model: Model
  readonly hiddenName: string
  readonly hiddenSize: number
  /** The pooling that the folder names in 1_Pooling/config.json (Sentence Transformers' layout); null where it names none. */
  readonly sentencePooling: Pooling | null
  /** The embedding table that only `row_index` picks from; null where the model has none such. */
  readonly sparseName: string | null
}

/** The input that stands for `input_ids` where the embedding table is read. */
export const rowIndexName = 'row_index'

/** Opens a folder in transformers.js layout whose model turns tokens into one vector each. */
export async function openEncoder(folder: string): Promise<Encoder> {
  const config = await readJson(join(folder, 'config.json'))
  const model = widenWeights(await readModel(join(folder, 'onnx', 'model.onnx')))
  const { inputs, outputs } = model.graph
  const hidden = outputs.find(({ name }) => name === 'last_hidden_state' || name === 'token_embeddings')
  const names = inputs.map(({ name }) => name)
  if (!hidden || !names.includes('input_ids') || !names.includes('attention_mask')) {
    throw new InvalidInputError(
      'training.not-an-encoder',
      `${folder}/onnx/model.onnx has inputs ${names.join(', ')} and outputs ${outputs.map(({ name }) => name).join(', ')}`,
      {
        hint: 'A base model takes input_ids and attention_mask and gives last_hidden_state: export it for feature extraction.',
      },
    )
  }
  const hiddenSize = hidden.dims?.[2] ?? config.hidden_size ?? config.dim
  if (typeof hiddenSize !== 'number') {
    throw new InvalidInputError('training.no-hidden-size', `${folder} does not say how wide its hidden states are`, {
      hint: 'Set hidden_size in config.json.',
    })
  }
  const sparseName = findEmbeddingTable(model)
  return {
    folder,
    config,
    model: { ...model, graph: { ...model.graph, outputs: [hidden] } },
    hiddenName: hidden.name,
    hiddenSize,
    sentencePooling: await readSentencePooling(folder),
    sparseName,
  }
}

/** The model with `row_index` in place of `input_ids` at its embedding table. */
export function withRowIndex(model: Model, sparseName: string): Model {
  const nodes = model.graph.nodes.map((node) =>
    readsTable(node, sparseName) ? { ...node, inputs: [sparseName, rowIndexName] } : node,
  )
  const input = { name: rowIndexName, dtype: 'int64', dims: ['batch_size', 'sequence_length'] } as const
  return { ...model, graph: { ...model.graph, nodes, inputs: [...model.graph.inputs, input] } }
}

function readsTable(node: Node, table: string): boolean {
  return node.opType === 'Gather' && node.inputs[0] === table
}

/** The initializer that is read by one Gather with `input_ids` and by nothing else. */
function findEmbeddingTable({ graph }: Model): string | null {
  const lookups = graph.nodes.filter((node) => node.opType === 'Gather' && node.inputs[1] === 'input_ids')
  const table = lookups[0]?.inputs[0]
  if (lookups.length !== 1 || !table || !graph.initializers.has(table)) return null
  return graph.nodes.filter((node) => node.inputs.includes(table)).length === 1 ? table : null
}

async function readSentencePooling(folder: string): Promise<Pooling | null> {
  const path = join(folder, '1_Pooling', 'config.json')
  if (!existsSync(path)) return null
  const pooling = await readJson(path)
  if (pooling.pooling_mode_mean_tokens === true) return 'mean'
  return pooling.pooling_mode_cls_token === true ? 'cls' : null
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new NotFoundError('training.no-file', `Cannot read ${path}`, {
      hint: 'A base model is a folder with config.json, tokenizer.json and onnx/model.onnx.',
      cause,
    })
  })
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw new InvalidInputError('training.bad-json', `${path} is not valid JSON`, { cause })
  }
}
