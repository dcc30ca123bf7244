import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeModel, int, int64s, type Model, type Node, tensor } from '../src/onnx/index.ts'

const tokenizerFolder = join(import.meta.dirname, '../models/all-MiniLM-L6-v2')
const hidden = 8

export type TinyClassifier = {
  /** Each label is the word that speaks for it. */
  words?: readonly string[]
  /** `tokens`: the logits of each token, ten for its word. `embedding`: the text's, under the name of an embedding. */
  output?: 'text' | 'tokens' | 'embedding'
  /** Fields of config.json to replace. */
  config?: Record<string, unknown>
}

/**
 * Writes a real classifier of a few thousand bytes of arithmetic in transformers.js layout: a text's logits are ten times
 * the share of its tokens that are the label's word. Returns its folder.
 */
export async function writeTinyClassifier({
  words = ['card', 'money'],
  output = 'text',
  config = {},
}: TinyClassifier = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-tiny-'))
  await mkdir(join(folder, 'onnx'))
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await cp(join(tokenizerFolder, file), join(folder, file))
  }
  const { model } = JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8')) as {
    model: { vocab: Record<string, number> }
  }
  const labels = Object.fromEntries(words.map((word, index) => [index, word]))
  await writeFile(join(folder, 'config.json'), JSON.stringify({ model_type: 'bert', id2label: labels, ...config }))
  await writeFile(join(folder, 'onnx', 'model.onnx'), encodeModel(buildModel(words, model.vocab, output)))
  return folder
}

/** Makes tiny classifiers and removes their folders at the end. */
export function createClassifierFolders() {
  const folders: string[] = []
  return {
    async write(classifier?: TinyClassifier): Promise<string> {
      const folder = await writeTinyClassifier(classifier)
      folders.push(folder)
      return folder
    },
    async remove(): Promise<void> {
      for (const folder of folders) await rm(folder, { recursive: true })
    },
  }
}

/** logits = masked mean of word vectors × weights. */
function buildModel(
  words: readonly string[],
  vocabulary: Record<string, number>,
  output: 'text' | 'tokens' | 'embedding',
): Model {
  const vectors = new Float32Array(Object.keys(vocabulary).length * hidden)
  const weights = new Float32Array(hidden * words.length)
  words.forEach((word, index) => {
    vectors[(vocabulary[word] as number) * hidden + index] = 1
    weights[index * words.length + index] = 10
  })
  const node = (opType: string, inputs: string[], output: string, attributes: Node['attributes'] = {}): Node => ({
    name: output,
    opType,
    domain: '',
    inputs,
    outputs: [output],
    attributes,
  })
  const name = output === 'embedding' ? 'sentence_embedding' : 'logits'
  const dims = output === 'tokens' ? ['batch', 'sequence', words.length] : ['batch', words.length]
  const mean = [
    node('ReduceSum', ['masked', 'middle'], 'sum', { keepdims: int(0) }),
    node('ReduceSum', ['column', 'middle'], 'count', { keepdims: int(0) }),
    node('Div', ['sum', 'count'], 'mean'),
  ]
  const tokens = (name: string) => ({ name, dtype: 'int64' as const, dims: ['batch', 'sequence'] })
  return {
    irVersion: 8,
    opsets: new Map([['', 17]]),
    producerName: 'test',
    producerVersion: '',
    metadata: new Map(),
    functions: [],
    graph: {
      name: 'tiny-classifier',
      inputs: [tokens('input_ids'), tokens('attention_mask')],
      outputs: [{ name, dtype: 'float32', dims }],
      nodes: [
        node('Gather', ['vectors', 'input_ids'], 'embedded'),
        node('Cast', ['attention_mask'], 'mask', { to: int(1) }),
        node('Unsqueeze', ['mask', 'last'], 'column'),
        node('Mul', ['embedded', 'column'], 'masked'),
        ...(output === 'tokens' ? [] : mean),
        node('MatMul', [output === 'tokens' ? 'masked' : 'mean', 'weights'], name),
      ],
      initializers: new Map([
        ['vectors', tensor('float32', [vectors.length / hidden, hidden], vectors)],
        ['weights', tensor('float32', [hidden, words.length], weights)],
        ['last', int64s([2])],
        ['middle', int64s([1])],
      ]),
      valueInfo: new Map(),
    },
  }
}
