/**
 * The trained state of a model: each parameter with the two running means that AdamW keeps of it. Their arrays are
 * inputs and, in place, outputs of every training step.
 */
import { type Model, sizeOf, type Tensor, zeros } from '../onnx/index.ts'

export type Parameter = {
  readonly name: string
  readonly value: Tensor
  /** First and second moment. Memory is touched only where an update happens. */
  readonly moments: readonly [Tensor, Tensor]
  readonly isHead: boolean
  /** A table of which each step touches few rows: the embeddings that `input_ids` picks from. */
  readonly isSparse: boolean
}

/** Which of a model's initializers are trained, and how. */
export type ParameterGroups = { body: ReadonlySet<string>; head: ReadonlySet<string>; sparse: string | null }

/** Float initializers of rank 1 or more are weights; single numbers are constants of the architecture. */
export function weightNames(model: Model): Set<string> {
  const isWeight = ({ dtype, dims }: Tensor) => dtype === 'float32' && dims.length > 0 && sizeOf(dims) > 1
  return new Set([...model.graph.initializers].filter(([, tensor]) => isWeight(tensor)).map(([name]) => name))
}

/** The parameters of a model in the order of its initializers. They share the model's memory: training changes the model. */
export function createParameters(model: Model, { body, head, sparse }: ParameterGroups): Parameter[] {
  return [...model.graph.initializers].flatMap(([name, tensor]) => {
    if (!body.has(name) && !head.has(name)) return []
    const moments = [zeros('float32', tensor.dims), zeros('float32', tensor.dims)] as const
    return [{ name, value: tensor, moments, isHead: head.has(name), isSparse: name === sparse }]
  })
}
