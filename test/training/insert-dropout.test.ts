import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../src/onnx/index.ts'
import { insertDropout } from '../../src/training/index.ts'

describe('insertDropout', () => {
  // Per layer: attention probabilities and the outputs of both blocks; and the embeddings.
  it.each([
    ['bert-opset-11', 7],
    ['bert-opset-17', 7],
    ['bert-sdpa-opset-14', 7],
    ['bert-dynamo-opset-20', 7],
    ['distilbert-opset-14', 7],
    ['roberta-opset-14', 7],
  ])('finds the places of BERT’s dropout in %s', async (name, count) => {
    const model = insertDropout(await readModel(join(import.meta.dirname, `../fixtures/exports/${name}.onnx`)), 0.1)
    expect(model.graph.nodes.filter(({ opType }) => opType === 'Dropout')).toHaveLength(count)
  })
})
