/** Calls of activation functions, and of the inverse and hyperbolic ones. */
import { float } from '../../src/onnx/index.ts'
import { broadcasting, type GradientCase, none, unary } from './gradient-case.ts'

/** In float32: the kernels exist there alone. */
const single = (options: Partial<GradientCase> = {}) => unary({ float32: true, ...options })
const inside = { range: [-0.9, 0.9] } as const

export const activationCases = {
  Acos: single(inside),
  Acosh: single({ range: [1.5, 3] }),
  Asin: single(inside),
  Asinh: single(),
  Atan: single(),
  Atanh: single(inside),
  Celu: [...single({ range: [-2, 2] }), ...single({ name: 'steeper', attributes: { alpha: float(0.5) } })],
  Cosh: single(),
  Elu: [...single({ range: [-2, 2] }), ...single({ name: 'steeper', attributes: { alpha: float(2) } })],
  HardSigmoid: [
    ...single({ range: [-4, 4] }),
    ...single({ name: 'steeper', attributes: { alpha: float(0.6), beta: float(0.4) } }),
  ],
  Hardmax: none,
  HardSwish: single({ range: [-5, 5] }),
  Mish: single({ range: [-3, 3] }),
  PRelu: broadcasting({ float32: true }).filter(({ name }) => name !== 'column'),
  Selu: single({ range: [-2, 2] }),
  Shrink: [...single(), ...single({ name: 'wider', attributes: { lambd: float(0.2), bias: float(0.1) } })],
  Sinh: single(),
  Softsign: single(),
  Tan: single(),
  ThresholdedRelu: [...single(), ...single({ name: 'lower', attributes: { alpha: float(-0.3) } })],
}
