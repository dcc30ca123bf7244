import { expect, it } from 'vitest'
import { hashText, hashTexts } from './hash-text.ts'

const cosine = (a: string, b: string) => {
  const [x, y] = [hashText(a), hashText(b)]
  const dot = (u: Float64Array, v: Float64Array) => u.reduce((sum, value, i) => sum + value * (v[i] as number), 0)
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))
}

it('like texts have like vectors, whatever their case and spaces', () => {
  expect(cosine('My  card has not ARRIVED', 'my card has not arrived')).toBeCloseTo(1)
  expect(cosine('my card has not arrived', 'my card has not come yet')).toBeGreaterThan(0.4)
  expect(cosine('my card has not arrived', 'what is the exchange rate')).toBeLessThan(0.3)
})

it('several texts make rows', () => {
  const { values, width } = hashTexts(['one', 'two'], 8)
  expect(width).toBe(8)
  expect(values.slice(8)).toEqual(hashText('two', 8))
})
