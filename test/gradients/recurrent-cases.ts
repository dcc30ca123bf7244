import { type Attribute, int, type Tensor, tensor, text } from '../../src/onnx/index.ts'
import type { GradientCase } from './gradient-case.ts'

const [length, batch, width, hidden] = [3, 2, 4, 3]
const lengths = tensor('int32', [batch], Int32Array.of(3, 1))
type Options = { directions?: 1 | 2; peepholes?: boolean; lengths?: Tensor; attributes?: Record<string, Attribute> }

/** X, W, R, B, lengths, initial states. */
function layer(name: string, gates: number, hasCell: boolean, options: Options = {}): GradientCase {
  const { directions = 1, peepholes, attributes = {} } = options
  const states = Array.from({ length: hasCell ? 2 : 1 }, () => [directions, batch, hidden])
  return {
    name,
    inputs: [
      [length, batch, width],
      [directions, gates * hidden, width],
      [directions, gates * hidden, hidden],
      [directions, 2 * gates * hidden],
      options.lengths ?? null,
      ...states,
      ...(peepholes ? [[directions, 3 * hidden]] : []),
    ],
    attributes: { hidden_size: int(hidden), ...attributes },
    outputCount: hasCell ? 3 : 2,
    float32: true,
  }
}

const forms = (gates: number, hasCell: boolean, attributes: Record<string, Attribute> = {}): GradientCase[] => [
  layer('forward', gates, hasCell, { attributes }),
  layer('reverse, with lengths', gates, hasCell, {
    lengths,
    attributes: { ...attributes, direction: text('reverse') },
  }),
  layer('both directions, with lengths', gates, hasCell, {
    directions: 2,
    lengths,
    attributes: { ...attributes, direction: text('bidirectional') },
  }),
  {
    name: 'without biases and states',
    inputs: [
      [length, batch, width],
      [1, gates * hidden, width],
      [1, gates * hidden, hidden],
    ],
    attributes: { hidden_size: int(hidden), ...attributes },
    float32: true,
  },
]

const names = (...value: string[]): Record<string, Attribute> => ({ activations: { type: 'strings', value } })
const resetAfter = forms(3, false, { linear_before_reset: int(1) })

export const recurrentCases = {
  GRU: [...forms(3, false), ...resetAfter.map((one) => ({ ...one, name: `${one.name}, reset after the product` }))],
  LSTM: [
    ...forms(4, true),
    layer('with peepholes', 4, true, { peepholes: true }),
    layer('with other activations', 4, true, { attributes: names('sigmoid', 'Relu', 'Sigmoid') }),
  ],
  RNN: [...forms(1, false), layer('with Sigmoid', 1, false, { attributes: names('Sigmoid') })],
} satisfies Record<string, GradientCase[]>
