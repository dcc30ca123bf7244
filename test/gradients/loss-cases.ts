import { int, int64s, text } from '../../src/onnx/index.ts'
import { type GradientCase, shaped } from './gradient-case.ts'

const pixels = shaped([2, 3], [0, 3, 1, 2, 2, 0])
const forms: GradientCase[] = [
  { inputs: [[3, 4], int64s([1, 0, 3])] },
  { name: 'summed', inputs: [[3, 4], int64s([1, 0, 3])], attributes: { reduction: text('sum') } },
  { name: 'of each pixel', inputs: [[2, 4, 3], pixels], attributes: { reduction: text('none') } },
  { name: 'weighted', inputs: [[2, 4, 3], pixels, [4]], range: [0.5, 2] },
  { name: 'with an ignored label', inputs: [[3, 4], int64s([1, -1, 3])], attributes: { ignore_index: int(-1) } },
  {
    name: 'weighted, with an ignored label',
    inputs: [[2, 4, 3], pixels, [4]],
    attributes: { ignore_index: int(2) },
    range: [0.5, 2],
  },
]

export const lossCases = {
  NegativeLogLikelihoodLoss: forms,
  SoftmaxCrossEntropyLoss: [
    ...forms,
    { name: 'and log probabilities', inputs: [[3, 4], int64s([1, 0, 3])], outputCount: 2 },
  ],
} satisfies Record<string, GradientCase[]>
