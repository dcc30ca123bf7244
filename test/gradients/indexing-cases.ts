import { int, int64s, tensor, text } from '../../src/onnx/index.ts'
import { bool, type GradientCase, shaped } from './gradient-case.ts'

const add = { reduction: text('add') }

export const indexingCases = {
  Compress: [
    { inputs: [[3, 4], bool([1, 0, 1])], attributes: { axis: int(0) } },
    { name: 'last axis', inputs: [[3, 4], bool([0, 1, 1])], attributes: { axis: int(-1) } },
    { name: 'flat', inputs: [[2, 3], bool([0, 1, 1, 0, 0])] },
  ],
  Gather: [
    { name: 'rows, repeated', inputs: [[4, 3], shaped([2, 2], [1, 1, 3, 0])] },
    { name: 'by int32', inputs: [[4, 3], tensor('int32', [3], Int32Array.of(2, 0, 2))] },
    { name: 'inner axis', inputs: [[2, 4, 3], int64s([2, 2, 1])], attributes: { axis: int(1) } },
    { name: 'one', inputs: [[3, 2], shaped([], [1])], attributes: { axis: int(1) } },
  ],
  GatherElements: [
    { inputs: [[3, 3], shaped([2, 3], [1, 2, 0, 2, 2, 0])] },
    { name: 'axis 1', inputs: [[2, 3], shaped([2, 2], [0, 0, 2, 1])], attributes: { axis: int(1) } },
  ],
  GatherND: [
    { name: 'elements, repeated', inputs: [[3, 4], shaped([3, 2], [0, 1, 2, 3, 0, 1])] },
    { name: 'slices', inputs: [[3, 2, 4], shaped([2, 1], [2, -1])] },
    { name: 'one batch axis', inputs: [[2, 3, 4], shaped([2, 1], [2, 0])], attributes: { batch_dims: int(1) } },
    {
      name: 'two batch axes',
      inputs: [[2, 2, 3], shaped([2, 2, 2, 1], [0, 1, 2, 2, 1, 0, 0, -1])],
      attributes: { batch_dims: int(2) },
    },
  ],
  OneHot: [
    { name: 'values', inputs: [int64s([0, 2, 1, 2]), shaped([], [3]), [2]], float32: true },
    {
      name: 'values, first axis',
      inputs: [int64s([0, 1]), shaped([], [3]), [2]],
      attributes: { axis: int(0) },
      float32: true,
    },
  ],
  ScatterElements: [
    { inputs: [[3, 3], shaped([2, 3], [1, 2, 0, 0, 1, 2]), [2, 3]] },
    { name: 'axis 1', inputs: [[2, 4], shaped([2, 2], [1, -1, 0, 2]), [2, 2]], attributes: { axis: int(1) } },
    { name: 'added', inputs: [[3, 3], shaped([2, 3], [1, 2, 0, 1, 2, 0]), [2, 3]], attributes: add },
  ],
  ScatterND: [
    { name: 'rows', inputs: [[4, 3], shaped([2, 1], [3, 1]), [2, 3]] },
    { name: 'elements', inputs: [[4, 3], shaped([2, 2], [3, 1, 0, 0]), [2]] },
    { name: 'added, repeated', inputs: [[4, 3], shaped([3, 1], [1, 1, -1]), [3, 3]], attributes: add },
  ],
  TopK: [
    { inputs: [[3, 5], int64s([2])], outputCount: 2 },
    {
      name: 'smallest along axis 0',
      inputs: [[4, 3], int64s([3])],
      attributes: { axis: int(0), largest: int(0) },
      outputCount: 2,
    },
  ],
} satisfies Record<string, GradientCase[]>
