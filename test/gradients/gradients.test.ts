import { describe, expect, it } from 'vitest'
import { gradient, rules } from '../../src/autodiff/index.ts'
import { encodeModel, GraphBuilder, int, int64s, scalar, tensor, type Value, zeros } from '../../src/onnx/index.ts'
import { openSession } from '../../src/runtime/index.ts'
import { cases } from './cases.ts'
import { expectExpansion, expectGradient } from './expect-gradient.ts'

describe('the gradient of', () => {
  for (const [operator, list] of Object.entries(cases)) {
    for (const one of list) {
      it(`${operator}${one.name ? `, ${one.name},` : ''} agrees with central differences in ${one.float32 ? 'float32' : 'float64'}`, () =>
        expectGradient(operator, one))
    }
  }

  it('is checked for every operator that has a rule', () => {
    const unchecked = Object.entries(rules).filter(
      ([name, rule]) => rule !== 'none' && cases[name as keyof typeof cases].length === 0,
    )
    expect(unchecked).toEqual([])
  })
})

describe('the expansion of', () => {
  for (const [operator, rule] of Object.entries(rules)) {
    if (typeof rule !== 'object') continue
    for (const one of cases[operator as keyof typeof rules]) {
      it(`${operator}${one.name ? `, ${one.name},` : ''} computes what the runtime’s kernel does`, () =>
        expectExpansion(operator, one))
    }
  }
})

describe('at points where it is not smooth, or where a formula divides by zero, the gradient of', () => {
  const at = async (operator: string, ...rows: number[][]) => {
    const g = new GraphBuilder()
    const inputs = rows.map((row, i) => g.input(`x${i}`, 'float64', [row.length]))
    gradient(g, g.reduceSum(g.op(operator, inputs), undefined, false), inputs).forEach((dx, i) => {
      g.output(`d${i}`, dx)
    })
    const session = await openSession(encodeModel(g.build()), { optimization: 'off' })
    const feeds = rows.map((row, i) => [`x${i}`, tensor('float64', [row.length], Float64Array.from(row))])
    const results = await session.run(Object.fromEntries(feeds))
    await session.release()
    return rows.map((_, i) => Array.from(results[`d${i}`]?.data as Float64Array))
  }

  it('ReduceProd is the product of the others, whatever is zero', async () => {
    expect(await at('ReduceProd', [2, 3, 4])).toEqual([[12, 8, 6]])
    expect(await at('ReduceProd', [2, 0, 4])).toEqual([[0, 8, 0]])
    expect(await at('ReduceProd', [2, 0, 0])).toEqual([[0, 0, 0]])
  })

  it('ReduceL2 is zero at the origin', async () => {
    expect(await at('ReduceL2', [0, 0])).toEqual([[0, 0]])
  })

  it('ReduceMax and ReduceMin is shared among equals', async () => {
    expect(await at('ReduceMax', [1, 5, 5, 2])).toEqual([[0, 0.5, 0.5, 0]])
    expect(await at('ReduceMin', [1, 5, 1, 1])).toEqual([[1 / 3, 0, 1 / 3, 1 / 3]])
  })

  it('Max and Min is shared among the inputs that are equal', async () => {
    expect(await at('Max', [1, 5, 2], [1, 4, 2], [0, 5, 2])).toEqual([
      [0.5, 0.5, 1 / 3],
      [0.5, 0, 1 / 3],
      [0, 0.5, 1 / 3],
    ])
    expect(await at('Min', [1, 2], [1, 3])).toEqual([
      [0.5, 1],
      [0.5, 0],
    ])
  })
})

describe('gradient', () => {
  it('differentiates its own result: the second derivative of sin(x)·x² ', async () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float64', [])
    const [first] = gradient(g, g.mul(g.op('Sin', [x]), g.mul(x, x)), [x])
    const [second] = gradient(g, first as never, [x])
    g.output('y', second as never)
    const session = await openSession(encodeModel(g.build()))
    const at = 0.7
    const { y } = await session.run({ x: scalar('float64', at) })
    expect(y?.data as Float64Array).toBeClose([(2 - at * at) * Math.sin(at) + 4 * at * Math.cos(at)], {
      relative: 1e-12,
    })
  })

  it('refuses all operators without a rule at once, by name and node', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 2])
    const mod = (a: Value, name: string) => g.op('Mod', [a, x], { fmod: int(1) }, { names: [name] })
    const y = mod(mod(x, '/a/Mod'), '/b/Mod')
    expect(() => gradient(g, g.reduceSum(y, undefined, false), [x])).toThrow(
      expect.objectContaining({
        code: 'gradient.unsupported-op',
        message: 'No gradient rule for Mod (node /a/Mod, /b/Mod)',
      }),
    )
  })

  it('of an operator that is expanded keeps apart inputs of which one is made from another', async () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float64', [6])
    const logits = g.reshape(g.mul(x, x), [2, 3])
    const weights = g.reshape(g.slice(g.exp(logits), 0, 0, 1), [3])
    const loss = g.op('SoftmaxCrossEntropyLoss', [logits, g.constant(int64s([0, 2])), weights])
    g.output('loss', loss)
    g.output('dx', gradient(g, loss, [x])[0] as Value)
    const session = await openSession(encodeModel(g.build()))
    const point = [0.3, -0.5, 0.8, 0.1, 0.9, -0.7]
    const run = (values: number[]) => session.run({ x: tensor('float64', [6], Float64Array.from(values)) })
    const lossAt = async (values: number[]) => (await run(values)).loss?.data[0] as number
    const numeric: number[] = []
    for (const [i, value] of point.entries()) {
      const [high, low] = [await lossAt(point.with(i, value + 1e-5)), await lossAt(point.with(i, value - 1e-5))]
      numeric.push((high - low) / 2e-5)
    }
    expect((await run(point)).dx?.data as Float64Array).toBeClose(numeric, { absolute: 1e-8 })
  })

  it('of an operator that is expanded reaches what made its inputs, also where that only moves elements', async () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 4])
    const weights = [g.input('w', 'float32', [1, 1, 2]), g.input('r', 'float32', [1, 1, 1])]
    const y = g.op('RNN', [g.reshape(x, [2, 2, 2]), ...weights], { hidden_size: int(1) })
    g.output('dx', gradient(g, g.reduceSum(y, undefined, false), [x])[0] as Value)
    const session = await openSession(encodeModel(g.build()))
    const feeds = {
      w: tensor('float32', [1, 1, 2], Float32Array.of(2, 3)),
      r: tensor('float32', [1, 1, 1], Float32Array.of(5)),
    }
    const { dx } = await session.run({ ...feeds, x: zeros('float32', [2, 4]) })
    // At 0 the slope of tanh is 1; the first step also acts through the second.
    expect(dx?.data).toEqual(Float32Array.of(12, 18, 12, 18, 2, 3, 2, 3))
  })

  it('goes through products with weights that stay quantized', async () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [1, 2])
    const weight = tensor('int8', [2, 2], Int8Array.of(1, 2, 3, -4))
    const wide = g.op(
      'DequantizeLinear',
      [weight, tensor('float32', [2], Float32Array.of(0.5, 2))].map((one) => g.constant(one)),
    )
    g.output('dx', gradient(g, g.reduceSum(g.matMul(x, wide), undefined, false), [x])[0] as Value)
    const session = await openSession(encodeModel(g.build()))
    const { dx } = await session.run({ x: zeros('float32', [1, 2]) })
    expect(dx?.data).toEqual(Float32Array.of(0.5 + 4, 1.5 - 8))
  })

  it('refuses what its rules would leave out: the statistics of a normalization', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 4])
    const scale = g.input('scale', 'float32', [4])
    for (const [opType, outputCount] of [
      ['LayerNormalization', 3],
      ['SimplifiedLayerNormalization', 2],
    ] as const) {
      const outputs = g.node(opType, [x, scale], {}, { outputCount, names: [`/a/${opType}`] })
      expect(() => gradient(g, g.reduceSum(outputs.at(-1) as Value, undefined, false), [x])).toThrow(
        expect.objectContaining({
          code: 'gradient.unsupported-form',
          message: `No gradient of ${opType} through its mean or deviation (node /a/${opType})`,
        }),
      )
    }
  })

  it('does not mind operators without a rule off the path', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 2])
    const frozen = g.op('Mod', [g.input('frozen', 'float32', [2, 2]), g.constant(scalar('float32', 2))], {
      fmod: int(1),
    })
    const [dx] = gradient(g, g.reduceSum(g.mul(frozen, x), undefined, false), [x])
    expect(dx?.dims).toEqual([2, 2])
  })

  it('gives zeros for a target that does not influence the loss', async () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2])
    const unused = g.input('unused', 'float32', [3])
    const [, none] = gradient(g, g.reduceSum(x, undefined, false), [x, unused])
    g.output('none', none as never)
    const session = await openSession(encodeModel(g.build()))
    const results = await session.run({ x: zeros('float32', [2]), unused: zeros('float32', [3]) })
    expect(results.none?.data).toEqual(new Float32Array(3))
  })
})
