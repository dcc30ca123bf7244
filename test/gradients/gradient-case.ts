import { type Attribute, int, int64s, type Tensor, tensor } from '../../src/onnx/index.ts'

export type GradientCase = {
  name?: string
  /** Dimensions of a differentiable input (filled with random numbers), a constant tensor, or null for an absent one. */
  inputs: readonly (readonly number[] | Tensor | null)[]
  attributes?: Readonly<Record<string, Attribute>>
  outputCount?: number
  /** The outputs that count; default all. */
  compared?: readonly number[]
  /** Where the runtime lacks float64 kernels of the operator or its rule. */
  float32?: true
  /** The range of the random numbers; default −1 to 1. */
  range?: readonly [number, number]
}

/** Of an operator without a gradient. */
export const none: GradientCase[] = []
/** One input. */
export const unary = (options: Partial<GradientCase> = {}): GradientCase[] => [{ inputs: [[3, 4]], ...options }]
/** Two inputs, in the ways in which they broadcast. */
export const broadcasting = (options: Partial<GradientCase> = {}): GradientCase[] => [
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
/** One input and axes. */
export const reducing = (options: Partial<GradientCase> = {}): GradientCase[] => [
  { inputs: [[2, 3, 4], int64s([1])], ...options },
  { name: 'two axes, not kept', inputs: [[2, 3, 4], int64s([-1, 0])], attributes: { keepdims: int(0) }, ...options },
  { name: 'all', inputs: [[2, 3]], ...options },
]
export const bool = (values: number[]): Tensor => tensor('bool', [values.length], Uint8Array.from(values))
/** Integers of any shape. */
export const shaped = (dims: number[], values: number[]): Tensor => ({ ...int64s(values), dims })
