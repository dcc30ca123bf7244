/** For each operator with a rule, the calls on which its gradient is compared with central differences. */
import type { rules } from '../../src/autodiff/index.ts'
import { float, int, int64s, ints, tensor, text } from '../../src/onnx/index.ts'
import { activationCases } from './activation-cases.ts'
import { fusedCases } from './fused-cases.ts'
import { bool, broadcasting, type GradientCase, none, reducing, shaped, unary } from './gradient-case.ts'
import { indexingCases } from './indexing-cases.ts'
import { lossCases } from './loss-cases.ts'
import { recurrentCases } from './recurrent-cases.ts'
import { spatialCases } from './spatial-cases.ts'

const extremes: GradientCase[] = [...broadcasting(), { name: 'of three', inputs: [[2, 3], [3], [2, 1]] }]

export const cases: Record<keyof typeof rules, readonly GradientCase[]> = {
  ...fusedCases,
  ...indexingCases,
  ...lossCases,
  ...spatialCases,
  ...activationCases,
  ...recurrentCases,
  Abs: unary(),
  Add: broadcasting(),
  And: none,
  ArgMax: none,
  ArgMin: none,
  BitShift: none,
  Cast: unary({ attributes: { to: int(11) } }),
  CastLike: [{ inputs: [[3, 4], tensor('float64', [], new Float64Array(1))] }],
  Ceil: none,
  Clip: [
    {
      inputs: [[3, 4], tensor('float64', [], new Float64Array([-0.5])), tensor('float64', [], new Float64Array([0.4]))],
    },
    { name: 'low only', inputs: [[3, 4], tensor('float64', [], new Float64Array([-0.5]))] },
  ],
  Concat: [
    {
      inputs: [
        [2, 3],
        [2, 1],
      ],
      attributes: { axis: int(-1) },
    },
    {
      name: 'three',
      inputs: [
        [1, 2],
        [2, 2],
        [3, 2],
      ],
      attributes: { axis: int(0) },
    },
  ],
  ConstantOfShape: none,
  Cos: unary(),
  CumSum: [
    { inputs: [[3, 4], shaped([], [1])] },
    { name: 'exclusive', inputs: [[3, 4], shaped([], [0])], attributes: { exclusive: int(1) } },
    { name: 'reverse', inputs: [[3, 4], shaped([], [-1])], attributes: { reverse: int(1) } },
    { name: 'both', inputs: [[3, 4], shaped([], [1])], attributes: { exclusive: int(1), reverse: int(1) } },
  ],
  Div: broadcasting({ range: [0.5, 2] }),
  Einsum: [
    {
      name: 'of a product',
      inputs: [
        [2, 3, 4],
        [2, 4, 5],
      ],
      attributes: { equation: text('bij,bjk->bik') },
    },
    {
      name: 'of attention scores',
      inputs: [
        [2, 3, 2, 4],
        [2, 5, 2, 4],
      ],
      attributes: { equation: text('bqhd, bkhd -> bhqk') },
    },
    { name: 'of three', inputs: [[2, 3], [3, 4], [4]], attributes: { equation: text('ij,jk,k->ki') } },
    { name: 'with a sum over a letter of its own', inputs: [[2, 3], [4]], attributes: { equation: text('ij,k->i') } },
    { name: 'of one, transposed', inputs: [[2, 3, 4]], attributes: { equation: text('ijk->kij') } },
    { name: 'of one, summed', inputs: [[2, 3]], attributes: { equation: text('ij->') } },
  ],
  Equal: none,
  Erf: unary({ float32: true }),
  Exp: unary(),
  Expand: [{ inputs: [[3, 1], int64s([2, 3, 4])] }],
  Flatten: [{ inputs: [[2, 3, 4]], attributes: { axis: int(2) } }],
  Floor: none,
  Gelu: [
    ...unary({ float32: true }),
    { name: 'tanh', inputs: [[3, 4]], attributes: { approximate: text('tanh') }, float32: true },
  ],
  Gemm: [
    { inputs: [[2, 3], [3, 4], [4]] },
    {
      name: 'both transposed, scaled',
      inputs: [
        [3, 2],
        [4, 3],
        [2, 4],
      ],
      attributes: { transA: int(1), transB: int(1), alpha: float(0.5), beta: float(2) },
    },
    {
      name: 'a transposed',
      inputs: [
        [3, 2],
        [3, 4],
      ],
      attributes: { transA: int(1) },
    },
    {
      name: 'b transposed',
      inputs: [
        [2, 3],
        [4, 3],
        [2, 1],
      ],
      attributes: { transB: int(1) },
    },
  ],
  Greater: none,
  GreaterOrEqual: none,
  Identity: unary(),
  IsInf: none,
  IsNaN: none,
  LayerNormalization: [
    { inputs: [[2, 3, 5], [5], [5]], float32: true },
    {
      name: 'two axes',
      inputs: [
        [2, 3, 4],
        [3, 4],
        [3, 4],
      ],
      attributes: { axis: int(1), epsilon: float(1e-3) },
      float32: true,
    },
    { name: 'without bias', inputs: [[4, 6], [6]], float32: true },
  ],
  LeakyRelu: unary({ attributes: { alpha: float(0.1) }, float32: true }),
  Less: none,
  LessOrEqual: none,
  Log: unary({ range: [0.5, 2] }),
  LogSoftmax: [{ inputs: [[3, 4]] }, { name: 'axis 0', inputs: [[3, 4]], attributes: { axis: int(0) } }],
  MatMul: [
    {
      inputs: [
        [2, 3],
        [3, 4],
      ],
    },
    {
      name: 'batch times matrix',
      inputs: [
        [2, 3, 4],
        [4, 5],
      ],
    },
    {
      name: 'batches',
      inputs: [
        [2, 3, 2, 4],
        [2, 3, 4, 2],
      ],
    },
    {
      name: 'broadcast batch',
      inputs: [
        [2, 1, 2, 4],
        [3, 4, 2],
      ],
    },
    { name: 'vector left', inputs: [[3], [3, 4]] },
    { name: 'vector right', inputs: [[2, 3, 4], [4]] },
    { name: 'two vectors', inputs: [[4], [4]] },
  ],
  Max: extremes,
  Mean: [{ inputs: [[2, 3], [3], [2, 1]], float32: true }],
  Min: extremes,
  Mul: broadcasting(),
  Neg: unary(),
  Not: none,
  Or: none,
  Pow: [
    ...broadcasting({ range: [0.5, 2] }),
    { name: 'square of negatives', inputs: [[3, 4], tensor('float64', [], new Float64Array([2]))] },
  ],
  Range: none,
  Reciprocal: unary({ range: [0.5, 2] }),
  ReduceL1: reducing(),
  ReduceL2: reducing(),
  ReduceLogSum: reducing({ range: [0.5, 2] }),
  ReduceLogSumExp: reducing(),
  ReduceMax: reducing(),
  ReduceMean: reducing(),
  ReduceMin: reducing(),
  ReduceProd: reducing(),
  ReduceSum: reducing(),
  ReduceSumSquare: reducing(),
  Relu: unary(),
  Reshape: [{ inputs: [[2, 3, 4], int64s([0, -1])] }],
  Round: none,
  Shape: none,
  Sigmoid: unary(),
  Sign: none,
  Sin: unary(),
  Size: none,
  Slice: [
    { inputs: [[4, 5], int64s([1, -4]), int64s([3, 9]), int64s([0, 1])] },
    { name: 'steps', inputs: [[6, 5], int64s([1]), int64s([6]), int64s([0]), int64s([2])] },
    { name: 'backwards', inputs: [[2, 5], int64s([-1]), int64s([-6]), int64s([1]), int64s([-2])] },
  ],
  Softmax: [{ inputs: [[2, 3, 4]] }, { name: 'axis 1', inputs: [[2, 3, 4]], attributes: { axis: int(1) } }],
  Softplus: unary({ float32: true }),
  Split: [
    { inputs: [[2, 5], int64s([2, 3])], attributes: { axis: int(1) }, outputCount: 2 },
    { name: 'equal', inputs: [[4, 2]], attributes: { num_outputs: int(2) }, outputCount: 2 },
  ],
  Sqrt: unary({ range: [0.5, 2] }),
  Squeeze: [{ inputs: [[2, 1, 3], int64s([1])] }],
  Sub: broadcasting(),
  Sum: [{ inputs: [[2, 3], [3], [2, 1]] }],
  Tanh: unary(),
  Tile: [{ inputs: [[2, 3], int64s([2, 3])] }],
  Transpose: [
    { inputs: [[2, 3, 4]], attributes: { perm: ints([2, 0, 1]) } },
    { name: 'default', inputs: [[2, 3]] },
  ],
  Trilu: [
    { inputs: [[2, 3, 4]] },
    { name: 'lower, shifted', inputs: [[3, 4], shaped([], [1])], attributes: { upper: int(0) } },
  ],
  Unsqueeze: [{ inputs: [[2, 3], int64s([0, -1])] }],
  Xor: none,
  Where: [{ inputs: [bool([1, 0, 1]), [2, 3], [3]] }],
  'com.microsoft:FusedMatMul': [
    {
      inputs: [
        [2, 2, 3],
        [2, 3, 4],
      ],
      float32: true,
    },
    {
      name: 'both transposed, scaled',
      inputs: [
        [2, 3, 2],
        [2, 4, 3],
      ],
      attributes: { transA: int(1), transB: int(1), alpha: float(0.5) },
      float32: true,
    },
    {
      name: 'b transposed',
      inputs: [
        [2, 2, 3],
        [2, 4, 3],
      ],
      attributes: { transB: int(1) },
      float32: true,
    },
  ],
}
