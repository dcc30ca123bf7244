/** Calls of convolutions, pools, normalisations over channels, and operators that move elements in space. */
import { type Attribute, float, int, int64s, ints, tensor, text } from '../../src/onnx/index.ts'
import type { GradientCase } from './gradient-case.ts'

/** The kernels exist in float32 alone. */
const float32 = true as const
const attributed = (
  inputs: GradientCase['inputs'],
  forms: Readonly<Record<string, Readonly<Record<string, Attribute>>>>,
  options: Partial<GradientCase> = {},
): GradientCase[] =>
  Object.entries(forms).map(([name, attributes]) => ({ name, inputs, attributes, float32, ...options }))
const numbers = (...values: number[]) => tensor('float32', [values.length], Float32Array.from(values))

const kernel3 = ints([3, 3])
const image = [2, 2, 5, 6]

export const spatialCases = {
  Conv: [
    { name: '1-D with a bias', inputs: [[2, 3, 7], [4, 3, 3], [4]], float32 },
    {
      name: '3-D',
      inputs: [
        [1, 2, 3, 4, 3],
        [2, 2, 2, 2, 2],
      ],
      attributes: { strides: ints([1, 2, 1]) },
      float32,
    },
    ...attributed([[2, 4, 7, 6], [6, 2, 3, 2], [6]], {
      groups: { group: int(2) },
      'groups, strides, dilation and pads': {
        group: int(2),
        strides: ints([2, 1]),
        dilations: ints([1, 2]),
        pads: ints([1, 0, 2, 1]),
      },
      'groups, SAME_UPPER': { group: int(2), auto_pad: text('SAME_UPPER'), strides: ints([2, 2]) },
      'groups, SAME_LOWER': { group: int(2), auto_pad: text('SAME_LOWER') },
      'groups, VALID': { group: int(2), auto_pad: text('VALID'), strides: ints([3, 2]) },
    }),
    {
      name: 'one group a channel',
      inputs: [
        [1, 3, 5],
        [3, 1, 2],
      ],
      attributes: { group: int(3) },
      float32,
    },
  ],
  ConvTranspose: [
    { name: '1-D with a bias', inputs: [[2, 3, 4], [3, 2, 3], [2]], attributes: { strides: ints([2]) }, float32 },
    {
      name: '3-D',
      inputs: [
        [1, 2, 2, 2, 2],
        [2, 1, 2, 2, 2],
      ],
      attributes: { strides: ints([1, 2, 1]) },
      float32,
    },
    ...attributed([[1, 4, 3, 4], [4, 2, 3, 2], [4]], {
      'groups, strides, dilation and pads': {
        group: int(2),
        strides: ints([2, 1]),
        dilations: ints([1, 2]),
        pads: ints([1, 0, 1, 1]),
      },
      'output padding': { group: int(2), strides: ints([3, 2]), output_padding: ints([1, 1]) },
      'a given shape': { group: int(2), strides: ints([2, 2]), output_shape: ints([6, 7]) },
      SAME_UPPER: { group: int(2), strides: ints([2, 2]), auto_pad: text('SAME_UPPER') },
    }),
  ],
  // Far apart, so that no step of a difference changes which is the largest.
  MaxPool: attributed(
    [image],
    {
      plain: { kernel_shape: ints([2, 2]) },
      overlapping: { kernel_shape: kernel3, strides: ints([2, 1]), pads: ints([1, 1, 1, 0]) },
      'ceil, dilation': {
        kernel_shape: ints([2, 2]),
        strides: ints([2, 3]),
        dilations: ints([2, 1]),
        ceil_mode: int(1),
      },
    },
    { range: [-20, 20] },
  ),
  AveragePool: attributed([image], {
    plain: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) },
    'pads left out': { kernel_shape: kernel3, strides: ints([2, 1]), pads: ints([1, 1, 1, 0]) },
    'pads counted': { kernel_shape: kernel3, pads: ints([1, 1, 1, 0]), count_include_pad: int(1) },
    ceil: { kernel_shape: kernel3, strides: ints([2, 2]), ceil_mode: int(1) },
    SAME_UPPER: { kernel_shape: ints([2, 2]), strides: ints([2, 2]), auto_pad: text('SAME_UPPER') },
  }),
  LpPool: attributed([image], { plain: { kernel_shape: ints([2, 2]), p: int(2) } }, { range: [0.5, 1.5] }),
  GlobalAveragePool: [{ inputs: [image], float32 }],
  GlobalLpPool: [{ inputs: [image], float32, range: [0.5, 1.5] }],
  GlobalMaxPool: [{ inputs: [image], float32 }],
  BatchNormalization: [
    { inputs: [[2, 3, 2, 2], [3], [3], [3], [3]], attributes: { epsilon: float(0.01) }, range: [0.5, 1.5], float32 },
    {
      // The kernel writes the running statistics over its inputs, so that a second run would differ: momentum 1 keeps them.
      name: 'training',
      inputs: [[3, 2, 2], [2], [2], numbers(0.1, 0.2), numbers(1, 2)],
      attributes: { training_mode: int(1), momentum: float(1) },
      outputCount: 3,
      float32,
    },
    { name: 'over rows', inputs: [[4, 3], [3], [3], numbers(0.1, 0.2, 0.3), numbers(1, 2, 3)], float32 },
  ],
  InstanceNormalization: [{ inputs: [[2, 3, 4, 2], [3], [3]], float32 }],
  GroupNormalization: [
    { inputs: [[2, 4, 3], [2], [2]], attributes: { num_groups: int(2) }, float32 },
    { name: 'groups of one', inputs: [[2, 3, 4], [3], [3]], attributes: { num_groups: int(3) }, float32 },
  ],
  LRN: attributed([[2, 5, 3, 2]], {
    odd: { size: int(3), alpha: float(0.5), beta: float(0.6), bias: float(1.5) },
    one: { size: int(1), alpha: float(0.1) },
  }),
  LpNormalization: [
    { inputs: [[3, 4]] },
    { name: 'of absolute values', inputs: [[3, 4, 2]], attributes: { axis: int(1), p: int(1) }, range: [0.2, 1] },
  ],
  MeanVarianceNormalization: [{ inputs: [[3, 2, 2, 3]], float32 }],
  Pad: [
    ...attributed([[2, 3, 4], int64s([0, 2, 1, 0, 1, 3])], {
      constant: {},
      edge: { mode: text('edge') },
      wrap: { mode: text('wrap') },
    }),
    { name: 'reflect', inputs: [[3, 4], int64s([2, 1, 0, 3])], attributes: { mode: text('reflect') } },
    { name: 'of the value', inputs: [[2, 3], int64s([1, 0, 0, 2]), []] },
    { name: 'cutting, given axes', inputs: [[4, 5], int64s([-1, -2]), null, int64s([1])] },
  ],
  Resize: [
    ...attributed([[1, 2, 3, 4], null, numbers(1, 1, 2, 1.5)], {
      nearest: {},
      'nearest, floor': { coordinate_transformation_mode: text('asymmetric'), nearest_mode: text('floor') },
      'nearest, align corners': { coordinate_transformation_mode: text('align_corners'), nearest_mode: text('ceil') },
      linear: { mode: text('linear') },
      'linear, align corners': { mode: text('linear'), coordinate_transformation_mode: text('align_corners') },
      'linear, pytorch': { mode: text('linear'), coordinate_transformation_mode: text('pytorch_half_pixel') },
    }),
    ...attributed([[1, 2, 5, 4], null, null, int64s([1, 2, 3, 6])], {
      'nearest to a size': { nearest_mode: text('round_prefer_ceil') },
      'linear to a size': { mode: text('linear'), coordinate_transformation_mode: text('half_pixel_symmetric') },
    }),
  ],
  DepthToSpace: [
    { inputs: [[1, 8, 2, 3]], attributes: { blocksize: int(2) } },
    { name: 'CRD', inputs: [[1, 8, 2, 3]], attributes: { blocksize: int(2), mode: text('CRD') } },
  ],
  SpaceToDepth: [{ inputs: [[1, 2, 4, 6]], attributes: { blocksize: int(2) } }],
} satisfies Readonly<Record<string, readonly GradientCase[]>>
