/** For each operator with a rule, the calls on which its gradient is compared with central differences. */
import type { rules } from '../../src/autodiff/index.ts'
import { type Attribute, float, int, int64s, ints, type Tensor, tensor, text } from '../../src/onnx/index.ts'

export type GradientCase = {
  name?: string
  /** Dimensions of a differentiable input (filled with random numbers), a constant tensor, or null for an absent one. */
  inputs: readonly (readonly number[] | Tensor | null)[]
  attributes?: Readonly<Record<string, Attribute>>
  outputCount?: number
  /** Where the runtime lacks float64 kernels of the operator or its rule. */
  float32?: true
  /** The range of the random numbers; default −1 to 1. */
  range?: readonly [number, number]
}

const none: GradientCase[] = []
const unary = (options: Partial<GradientCase> = {}): GradientCase[] => [{ inputs: [[3, 4]], ...options }]
const broadcasting = (options: Partial<GradientCase> = {}): GradientCase[] => [
  {
    inputs: [
      [2, 3],
      [2, 3],
    ],
    ...options,
  },
  { name: 'row', inputs: [[2, 3], [3]], ...options },
  {
    name: 'column',
    inputs: [
      [2, 1],
      [2, 3],
    ],
    ...options,
  },
  { name: 'scalar', inputs: [[2, 2, 3], []], ...options },
]
const reducing = (options: Partial<GradientCase> = {}): GradientCase[] => [
  { inputs: [[2, 3, 4], int64s([1])], ...options },
  { name: 'two axes, not kept', inputs: [[2, 3, 4], int64s([-1, 0])], attributes: { keepdims: int(0) }, ...options },
  { name: 'all', inputs: [[2, 3]], ...options },
]
const bool = (values: number[]): Tensor => tensor('bool', [values.length], Uint8Array.from(values))
const shaped = (dims: number[], values: number[]): Tensor => ({ ...int64s(values), dims })

export const cases: Record<keyof typeof rules, readonly GradientCase[]> = {
  Abs: unary(),
  Add: broadcasting(),
  And: none,
  ArgMax: none,
  ArgMin: none,
  Cast: unary({ attributes: { to: int(11) } }),
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
  Div: broadcasting({ range: [0.5, 2] }),
  Equal: none,
  Erf: unary({ float32: true }),
  Exp: unary(),
  Expand: [{ inputs: [[3, 1], int64s([2, 3, 4])] }],
  Flatten: [{ inputs: [[2, 3, 4]], attributes: { axis: int(2) } }],
  Floor: none,
  Gather: [
    { name: 'rows, repeated', inputs: [[4, 3], shaped([2, 2], [1, 1, 3, 0])] },
    { name: 'inner axis', inputs: [[2, 4, 3], int64s([2, 2, 1])], attributes: { axis: int(1) } },
    { name: 'one', inputs: [[3, 2], shaped([], [1])], attributes: { axis: int(1) } },
  ],
  GatherElements: [
    { inputs: [[3, 3], shaped([2, 3], [1, 2, 0, 2, 2, 0])] },
    { name: 'axis 1', inputs: [[2, 3], shaped([2, 2], [0, 0, 2, 1])], attributes: { axis: int(1) } },
  ],
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
  Max: broadcasting(),
  Min: broadcasting(),
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
  ReduceL2: reducing(),
  ReduceMax: reducing(),
  ReduceMean: reducing(),
  ReduceMin: reducing(),
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
  Unsqueeze: [{ inputs: [[2, 3], int64s([0, -1])] }],
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
