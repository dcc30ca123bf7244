/**
 * Which operators of a training step have no kernel on which device, in float32 at opset 20. Sources: for CUDA and
 * DirectML https://github.com/microsoft/onnxruntime/blob/001d12d2623fd411ce0f83d05abb5e82304a3389/docs/OperatorKernels.md;
 * for WebGPU the kernel classes that onnxruntime-node 1.30.0 holds (symbols of its library for macOS).
 * test/training/step-operators.test.ts compares the operators with those of real steps.
 */
import { builtOpset } from '../src/onnx/index.ts'

const columns = ['cpu', 'cuda', 'webgpu', 'dml'] as const
type Column = (typeof columns)[number]

const everywhere =
  'Abs Add Cast Concat Div Erf Exp Expand Gather Gemm HardSigmoid LayerNormalization Less MatMul Max Min Mul Neg ReduceMax ReduceMean ReduceSum ReduceSumSquare Reshape ScatterND Sigmoid Slice Softmax Softplus Split Sqrt Sub Transpose Unsqueeze Where'
const missing: Readonly<Record<string, readonly Column[]>> = {
  DynamicQuantizeLinear: ['cuda', 'webgpu'],
  Gelu: ['dml'],
  LogSoftmax: ['webgpu'],
  QuantizeLinear: ['webgpu'],
  Sign: ['webgpu'],
  Sum: ['webgpu'],
  'com.microsoft:FusedMatMul': ['webgpu'],
  'com.microsoft:MatMulIntegerToFloat': ['cuda', 'webgpu'],
}

/** All operators that a training step may hold. */
export const stepOperators: readonly string[] = [...everywhere.split(' '), ...Object.keys(missing)].sort()

/** The page of these operators. */
export function describeStepKernels(): string {
  const cell = (operator: string, column: Column) => (missing[operator]?.includes(column) ? 'on the CPU' : 'yes')
  const rows = stepOperators.map(
    (operator) => `| ${operator} | ${columns.map((one) => cell(operator, one)).join(' | ')} |`,
  )
  return [
    '# Operators of a training step, by device',
    '<!-- made by `npm run docs` from scripts/step-kernels.ts: do not edit -->',
    `What a training step is made of, for every kind of task, method, optimizer and precision, on BERT-like encoders; float32, opset ${builtOpset}. Where a device has no kernel, ONNX Runtime runs the operator on the CPU and copies its inputs and outputs. \`DynamicQuantizeLinear\`, \`QuantizeLinear\` and \`MatMulIntegerToFloat\` are in steps of \`--precision int8\` alone, \`FusedMatMul\` in those on the CPU.`,
    'Only the CPU’s column has been run. The others are what ONNX Runtime says of itself: for CUDA and DirectML [its list of kernels](https://github.com/microsoft/onnxruntime/blob/001d12d2623fd411ce0f83d05abb5e82304a3389/docs/OperatorKernels.md), which need not be that of the release, for WebGPU the kernels in onnxruntime-node 1.30.0. ONNX Runtime also fuses operators once it knows the device. [More on devices](../devices.md).',
    [`| operator | ${columns.join(' | ')} |`, `| --- |${' --- |'.repeat(columns.length)}`, ...rows].join('\n'),
  ].join('\n\n')
}
