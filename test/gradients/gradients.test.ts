import { describe, expect, it } from 'vitest'
import { gradient, rules } from '../../src/autodiff/index.ts'
import { encodeModel, GraphBuilder, scalar, zeros } from '../../src/onnx/index.ts'
import { openSession } from '../../src/runtime/index.ts'
import { cases } from './cases.ts'
import { expectGradient } from './expect-gradient.ts'

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
    const y = g.op('Mish', [g.op('Elu', [x], {}, { names: ['/a/Elu'] })], {}, { names: ['/a/Mish'] })
    expect(() => gradient(g, g.reduceSum(y, undefined, false), [x])).toThrow(
      expect.objectContaining({
        code: 'gradient.unsupported-op',
        message: 'No gradient rule for Elu (node /a/Elu); Mish (node /a/Mish)',
      }),
    )
  })

  it('does not mind operators without a rule off the path', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 2])
    const frozen = g.op('Elu', [g.input('frozen', 'float32', [2, 2])])
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
