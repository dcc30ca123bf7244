import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/index.ts'
import { fitScalingLaw, type ScalingObservation, scalingLossAt, splitCompute } from './scaling-law.ts'

const published = { e: 1.8172, a: 482.01, b: 2085.43, alpha: 0.3478, beta: 0.3658 }

describe('the published law of model and data (Besiroglu et al., 2024)', () => {
  it('splits 5.76e23 operations into 72 billion parameters and 1.3 trillion tokens', () => {
    const { parameters, tokens } = splitCompute(published, 5.76e23)
    expect(parameters).toBeClose(7.225e10, { relative: 1e-4 })
    expect(tokens).toBeClose(1.329e12, { relative: 3e-4 })
    expect(tokens / parameters).toBeClose(18.39, { relative: 3e-4 })
  })

  it('splits so that no other model of the same compute has a lower loss', () => {
    const best = splitCompute(published, 5.76e23)
    const lossOf = (factor: number) => scalingLossAt(published, best.parameters * factor, best.tokens / factor)
    expect(lossOf(1)).toBeLessThan(Math.min(lossOf(0.99), lossOf(1.01)))
  })

  it('is broken by rounding alone: the first paper asks for 93 tokens a parameter', () => {
    const { parameters, tokens } = splitCompute({ a: 406.4, b: 410.7, e: 1.69, alpha: 0.34, beta: 0.28 }, 5.76e23)
    expect(tokens / parameters).toBeClose(92.65, { relative: 1e-4 })
  })

  it('is found again from runs that follow it', () => {
    const { law, objective } = fitScalingLaw(runs(() => 1))
    expect(Object.values(law)).toBeClose(Object.values(published), { relative: 1e-8 })
    expect(objective).toBeLessThan(1e-20)
  })

  it('is found within the published spread from 245 noisy runs with five outliers, which weigh little', () => {
    const random = createRandom(7, 'scaling')
    const noisy = runs((i) => (i % 49 === 0 ? 1.05 : Math.exp(0.002 * (random.float() + random.float() - 1))))
    expect(noisy).toHaveLength(245)
    const { law } = fitScalingLaw(noisy)
    expect([law.alpha, law.beta]).toBeClose([published.alpha, published.beta], { absolute: 0.01 })
    expect(law.e).toBeClose(published.e, { absolute: 0.02 })
  })

  it('needs runs that vary model and data apart', () => {
    const single = runs(() => 1).filter(({ parameters }) => parameters === 5e7)
    expect(() => fitScalingLaw(single)).toThrow(
      'No scaling law can be fitted to 7 runs, 1 sizes of model and 7 of data.',
    )
  })
})

/** 35 sizes of model × 7 of data. */
function runs(noise: (index: number) => number): ScalingObservation[] {
  return Array.from({ length: 245 }, (_, i) => {
    const parameters = 5e7 * 1.2 ** (i % 35)
    const tokens = 4e8 * 2.2 ** Math.floor(i / 35)
    return { parameters, tokens, loss: scalingLossAt(published, parameters, tokens) * noise(i) }
  })
}
