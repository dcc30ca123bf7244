import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gradient } from '../../src/autodiff/index.ts'
import { createRandom } from '../../src/base/index.ts'
import { encodeModel, GraphBuilder, int, ints, sizeOf, type Tensor, type Value } from '../../src/onnx/index.ts'
import { openSession } from '../../src/runtime/index.ts'

const axis = fc.record({
  size: fc.integer({ min: 3, max: 7 }),
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  before: fc.integer({ min: 0, max: 2 }),
  after: fc.integer({ min: 0, max: 2 }),
})
const form = fc
  .record({
    axes: fc.array(axis, { minLength: 1, maxLength: 2 }),
    group: fc.integer({ min: 1, max: 2 }),
    inputs: fc.integer({ min: 1, max: 2 }),
    outputs: fc.integer({ min: 1, max: 2 }),
  })
  .filter(({ axes }) =>
    axes.every((a) => (a.kernel - 1) * a.dilation + 1 <= a.size + a.before + a.after && a.before + a.after < a.size),
  )

describe('the gradients of a convolution', () => {
  // <dy, J·v> = <Jᵀ·dy, v>, and a convolution is linear in x and in w: so J·v is the convolution of v itself.
  it.each(['Conv', 'ConvTranspose'])('of any form are the adjoint of %s', async (opType) => {
    await fc.assert(
      fc.asyncProperty(form, async ({ axes, group, inputs, outputs }) => {
        const g = new GraphBuilder()
        const random = createRandom(7, JSON.stringify(axes))
        const feeds: Record<string, Tensor> = {}
        const input = (name: string, dims: number[]): Value => {
          const data = Float32Array.from({ length: sizeOf(dims) }, () => random.float() - 0.5)
          feeds[name] = { dtype: 'float32', dims, data }
          return g.input(name, 'float32', dims)
        }
        const kernel = axes.map((a) => a.kernel)
        const x = input('x', [2, inputs * group, ...axes.map(({ size }) => size)])
        const w = input(
          'w',
          opType === 'Conv' ? [outputs * group, inputs, ...kernel] : [inputs * group, outputs, ...kernel],
        )
        const attributes = {
          group: int(group),
          strides: ints(axes.map(({ stride }) => stride)),
          dilations: ints(axes.map(({ dilation }) => dilation)),
          pads: ints([...axes.map(({ before }) => before), ...axes.map(({ after }) => after)]),
        }
        const convolve = (a: Value, b: Value) => g.op(opType, [a, b], attributes)
        const inner = (a: Value, b: Value) => g.reduceSum(g.mul(a, b), undefined, false)
        const y = convolve(x, w)
        const [dy, vx, vw] = [input('dy', [...y.dims]), input('vx', [...x.dims]), input('vw', [...w.dims])]
        const [dx, dw] = gradient(g, y, [x, w], { seed: dy }) as [Value, Value]
        g.output('J·vx', inner(convolve(vx, w), dy))
        g.output('vx·dx', inner(dx, vx))
        g.output('J·vw', inner(convolve(x, vw), dy))
        g.output('vw·dw', inner(dw, vw))
        const session = await openSession(encodeModel(g.build()))
        const results = await session.run(feeds)
        await session.release()
        const number = (name: string) => Number(results[name]?.data[0])
        expect(number('vx·dx')).toBeCloseTo(number('J·vx'), 4)
        expect(number('vw·dw')).toBeCloseTo(number('J·vw'), 4)
      }),
      { numRuns: 60 },
    )
  })
})
