import { describe, expect, it } from 'vitest'
import { CapstanError, LimitError } from './errors.ts'
import { packError, unpackError } from './pack-error.ts'

describe('a packed error', () => {
  it('keeps class, code, message, hint and details through a structured clone', () => {
    const error = new LimitError('serving.overloaded', 'full', { hint: 'wait', details: { rows: 3 } })
    const restored = unpackError(structuredClone(packError(error)))
    expect(restored).toBeInstanceOf(LimitError)
    expect({ ...restored, message: restored.message }).toEqual({ ...error, message: error.message })
  })

  it('of the base class stays of the base class', () => {
    const restored = unpackError(packError(new CapstanError('a.b', 'c')))
    expect(restored.constructor).toBe(CapstanError)
    expect(restored.hint).toBeUndefined()
  })

  it('is never made of a foreign error, which is thrown on', () => {
    const foreign = new TypeError('x is not a function')
    expect(() => packError(foreign)).toThrow(foreign)
  })
})
