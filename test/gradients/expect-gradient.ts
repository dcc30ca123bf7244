import { expect } from 'vitest'
import { expandNode, gradient } from '../../src/autodiff/index.ts'
import { createRandom, present } from '../../src/base/index.ts'
import { encodeModel, GraphBuilder, sizeOf, type Tensor, type Value } from '../../src/onnx/index.ts'
import { openSession } from '../../src/runtime/index.ts'
import type { GradientCase } from './gradient-case.ts'

/**
 * Runs `operator` and its gradient, and compares every partial derivative of Σ seed·y with the central difference.
 * Relative error at most 1e-5 in float64, 2e-2 in float32 (of the largest derivative of that input).
 */
export async function expectGradient(operator: string, one: GradientCase): Promise<void> {
  const { g, feeds, variables, outputs, fill, dtype } = buildCase(operator, one)
  const loss = [...outputs.values()]
    .map((y) => g.reduceSum(g.mul(g.cast(y, dtype), g.constant(fill(y.dims))), undefined, false))
    .reduce((sum, part) => g.add(sum, part))
  g.output('loss', loss)
  const forward = await openSession(encodeModel(g.build()), { optimization: 'off' })
  gradient(g, loss, variables).forEach((dx, i) => {
    g.output(`d${variables[i]?.name}`, dx)
  })
  const backward = await openSession(encodeModel(g.build()), { optimization: 'off' })
  const results = await backward.run(feeds)
  const lossAt = async (point: Record<string, Tensor>) => Number((await forward.run(point)).loss?.data[0])
  for (const { name } of variables) {
    const numeric = await differences(name, feeds, lossAt, one.float32 ? 1e-2 : 1e-5)
    const scale = Math.max(1e-3, ...numeric.map(Math.abs))
    expect(results[`d${name}`]?.data as Float64Array, `d${name}`).toBeClose(numeric, {
      absolute: (one.float32 ? 2e-2 : 1e-5) * scale,
    })
  }
  await forward.release()
  await backward.release()
}

/** Compares what the runtime's kernel of `operator` gives with what the simpler operators give that it expands to. */
export async function expectExpansion(operator: string, one: GradientCase): Promise<void> {
  const { g, feeds, outputs } = buildCase(operator, one)
  const { node, inputs } = present(g.producerOf(present(outputs.get(0), 'output')), operator)
  const expanded = present(expandNode(g, node, inputs), `expansion of ${operator}`)
  for (const [i, output] of outputs) {
    const value = present(expanded[i], `output ${i} of the expansion`)
    expect([value.dtype, value.dims]).toEqual([output.dtype, output.dims])
    g.output(`kernel ${i}`, output)
    g.output(`expanded ${i}`, value)
  }
  const session = await openSession(encodeModel(g.build()), { optimization: 'off' })
  const results = await session.run(feeds)
  await session.release()
  for (const i of outputs.keys()) {
    const kernel = Array.from(results[`kernel ${i}`]?.data as Float32Array, Number)
    expect(Array.from(results[`expanded ${i}`]?.data as Float32Array, Number)).toBeClose(kernel, {
      absolute: 1e-5 * Math.max(1, ...kernel.map(Math.abs)),
    })
  }
}

/** The operator on random inputs, the same in every run. */
function buildCase(
  operator: string,
  { inputs, attributes = {}, outputCount = 1, compared, float32, range = [-1, 1] }: GradientCase,
) {
  const dtype = float32 ? 'float32' : 'float64'
  const random = createRandom(
    operator,
    JSON.stringify(inputs, (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
  )
  const fill = (dims: readonly number[]): Tensor => {
    const values = Array.from({ length: sizeOf(dims) }, () => range[0] + (range[1] - range[0]) * random.float())
    return { dtype, dims, data: float32 ? Float32Array.from(values) : Float64Array.from(values) }
  }
  const g = new GraphBuilder()
  const feeds: Record<string, Tensor> = {}
  const variables: Value[] = []
  const values = inputs.map((input, i) => {
    if (input === null) return null
    if ('dtype' in input)
      return g.constant(
        input.dtype === 'float64' && float32
          ? { ...input, dtype, data: Float32Array.from(input.data as Float64Array) }
          : input,
      )
    const name = `x${i}`
    feeds[name] = fill(input)
    const variable = g.input(name, dtype, input)
    variables.push(variable)
    return variable
  })
  const [domain, opType] = operator.includes(':') ? (operator.split(':') as [string, string]) : ['', operator]
  const all = g.node(opType, values, attributes, { domain, outputCount })
  const outputs = new Map([...all.entries()].filter(([i]) => compared?.includes(i) ?? true))
  return { g, feeds, variables, outputs, fill, dtype } as const
}

async function differences(
  name: string,
  feeds: Record<string, Tensor>,
  lossAt: (point: Record<string, Tensor>) => Promise<number>,
  h: number,
): Promise<number[]> {
  const tensor = feeds[name] as Tensor
  const result: number[] = []
  for (let i = 0; i < tensor.data.length; i++) {
    const at = (shift: number) => {
      const data = (tensor.data as Float64Array).slice()
      data[i] = (data[i] as number) + shift
      return lossAt({ ...feeds, [name]: { ...tensor, data } })
    }
    result.push(((await at(h)) - (await at(-h))) / (2 * h))
  }
  return result
}
