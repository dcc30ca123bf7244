import { assert, present } from '../base/index.ts'
import {
  type Attribute,
  type BuiltNode,
  type GraphBuilder,
  intOf,
  type Node,
  toNumbers,
  type Value,
} from '../onnx/index.ts'

/**
 * A rule of reverse-mode differentiation: the vector-Jacobian product of one operator. `dys` are the gradients of the
 * node's outputs (zeros where an output has none); the result holds one gradient per input, null where there is none.
 * A gradient may have the shape that the inputs broadcast to: the walk reduces it.
 */
export type GradientRule = (g: GraphBuilder, dys: readonly Value[], op: Operation) => readonly (Value | null)[]

/** `'none'`: the operator's result does not change smoothly with its inputs, so nothing flows back through it. */
export type RuleTable = Readonly<Record<string, GradientRule | 'none'>>

/** A forward node as rules see it. */
export type Operation = {
  readonly node: Node
  readonly inputCount: number
  /** Throws where the input is absent. */
  input(index: number): Value
  has(index: number): boolean
  output(index: number): Value
  int(name: string, fallback: number): number
  attributes: Readonly<Record<string, Attribute>>
  /** The numbers of a constant input; undefined where absent. */
  constant(index: number): number[] | undefined
}

export const notDifferentiable = 'none'

/** For operators of one input and one output. */
export const unary =
  (rule: (g: GraphBuilder, dy: Value, x: Value, y: Value) => Value): GradientRule =>
  (g, dys, op) => [rule(g, present(dys[0], 'dy'), op.input(0), op.output(0))]

/** For operators of two inputs and one output. */
export const binary =
  (rule: (g: GraphBuilder, dy: Value, a: Value, b: Value, y: Value) => readonly (Value | null)[]): GradientRule =>
  (g, dys, op) =>
    rule(g, present(dys[0], 'dy'), op.input(0), op.input(1), op.output(0))

/** For operators of any number of inputs and one output: the gradient of each input. */
export const variadic =
  (rule: (g: GraphBuilder, dy: Value, x: Value, op: Operation) => Value): GradientRule =>
  (g, dys, op) =>
    op.node.inputs.map((_, i) => rule(g, present(dys[0], 'dy'), op.input(i), op))

/** For operators with one differentiable input (the first) and one output; the other inputs are settings. */
export const first =
  (rule: (g: GraphBuilder, dy: Value, x: Value, op: Operation) => Value): GradientRule =>
  (g, dys, op) => [rule(g, present(dys[0], 'dy'), op.input(0), op), ...Array(op.inputCount - 1).fill(null)]

export function toOperation(g: GraphBuilder, { node, inputs, outputs }: BuiltNode): Operation {
  return {
    node,
    inputCount: inputs.length,
    input: (i) => present(inputs[i], `input ${i} of ${node.opType}`),
    has: (i) => Boolean(inputs[i]),
    output: (i) => present(outputs[i], `output ${i} of ${node.opType}`),
    int: (name, fallback) => intOf(node, name, fallback),
    attributes: node.attributes,
    constant: (i) => {
      const value = inputs[i]
      if (!value) return undefined
      const constant = g.constantOf(value)
      assert(constant, `internal: input ${i} of ${node.opType} (node ${node.name}) is no constant`)
      return toNumbers(constant)
    },
  }
}
