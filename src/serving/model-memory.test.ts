import { describe, expect, it } from 'vitest'
import { sumMemory } from './model-memory.ts'

describe('the memory of several models', () => {
  it('counts the base of adapters once for each form, as long as one of them is there', () => {
    const base = (form: string, bytes: number) => ({ form, bytes })
    const whole = { bytes: 100, base: null }
    const adapters = [
      { bytes: 1, base: base('a', 50) },
      { bytes: 2, base: base('a', 50) },
      { bytes: 4, base: base('b', 60) },
    ]
    expect(sumMemory([])).toBe(0)
    expect(sumMemory([whole, whole])).toBe(200)
    expect(sumMemory([whole, ...adapters])).toBe(100 + 1 + 2 + 4 + 50 + 60)
    expect(sumMemory(adapters.slice(1))).toBe(2 + 4 + 50 + 60)
  })
})
