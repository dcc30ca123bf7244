import { assert, present, UnsupportedError } from '../base/index.ts'
import {
  type Attribute,
  type BuiltNode,
  floatOf,
  type GraphBuilder,
  intOf,
  intsOf,
  type Node,
  operatorOf,
  textOf,
  toNumbers,
  type Value,
} from '../onnx/index.ts'

/**
 * A rule of reverse-mode differentiation: the vector-Jacobian product of one operator. `dys` are the gradients of the
 * node's outputs (zeros where an output has none); the result holds one gradient per input, null where there is none.
 * A gradient may have the shape that the inputs broadcast to: the walk reduces it.
 */
export type GradientRule = (g: GraphBuilder, dys: readonly Value[], op: Operation) => readonly (Value | null)[]

/** Writes an operator as simpler ones, each with a rule: the values of its outputs. */
export type Expansion = (g: GraphBuilder, op: Operation) => readonly Value[]

/**
 * What the walk does at an operator. `'none'`: its result does not change smoothly with its inputs, so nothing flows
 * back through it. `expand`: the gradient is that of the operators that it is written as.
 */
export type Rule = GradientRule | 'none' | { readonly expand: Expansion }

/** Operator → rule. */
export type RuleTable = Readonly<Record<string, Rule>>

/** A forward node as rules see it; an expansion, which makes them, asks for no outputs. */
export type Operation = {
  readonly node: Node
  readonly inputCount: number
  /** Throws where the input is absent. */
  input(index: number): Value
  has(index: number): boolean
  output(index: number): Value
  /** Whether the loss depends on an output. */
  reaches(index: number): boolean
  int(name: string, fallback: number): number
  ints(name: string): readonly number[] | undefined
  float(name: string, fallback: number): number
  text(name: string, fallback: string): string
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

export function toOperation(
  g: GraphBuilder,
  { node, inputs, outputs }: BuiltNode,
  dys: readonly (Value | null)[] = [],
): Operation {
  return {
    node,
    inputCount: inputs.length,
    input: (i) => present(inputs[i], `input ${i} of ${node.opType}`),
    has: (i) => Boolean(inputs[i]),
    reaches: (i) => Boolean(dys[i]),
    output: (i) => present(outputs[i], `output ${i} of ${node.opType}`),
    int: (name, fallback) => intOf(node, name, fallback),
    ints: (name) => intsOf(node, name),
    float: (name, fallback) => floatOf(node, name, fallback),
    text: (name, fallback) => textOf(node, name, fallback),
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

/** Ends the differentiation at a form of an operator that its rule does not cover; `form` reads on from its name. */
export function refuseForm(op: Operation, form: string, hint: string): never {
  const operator = operatorOf(op.node)
  throw new UnsupportedError('gradient.unsupported-form', `No gradient of ${operator} ${form} (node ${op.node.name})`, {
    hint,
    details: { operator, node: op.node.name },
  })
}
