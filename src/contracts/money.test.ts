import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divideHalfEven, formatAmountMicro, formatMoney, moneySchema, parseAmountMicro, toWire } from './money.ts'

const amounts = fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n })

describe('amounts', () => {
  it.each([
    [0n, '0.00'],
    [1n, '0.000001'],
    [40_800n, '0.0408'],
    [12_500_000n, '12.50'],
    [-1_234_567_890n, '-1234.56789'],
  ])('%s micro-units read %s', (amountMicro, text) => {
    expect(formatAmountMicro(amountMicro)).toBe(text)
    expect(parseAmountMicro(text)).toBe(amountMicro)
  })

  it('come back from their text unchanged', () => {
    fc.assert(fc.property(amounts, (amountMicro) => parseAmountMicro(formatAmountMicro(amountMicro)) === amountMicro))
  })

  it.each(['', '1.', '.5', '1,5', '1e3', '0.0000001', 'NaN'])('refuse "%s"', (text) => {
    expect(() => parseAmountMicro(text)).toThrow(expect.objectContaining({ code: 'money.invalid-amount' }))
  })

  it('travel as digits and come back as bigint', () => {
    const money = { amountMicro: 2n ** 62n, currency: 'USD' }
    const wire = JSON.parse(JSON.stringify(toWire(moneySchema, money)))
    expect(wire).toEqual({ amountMicro: '4611686018427387904', currency: 'USD' })
    expect(moneySchema.parse(wire)).toEqual(money)
  })

  it('are shown with their currency', () => {
    expect(formatMoney({ amountMicro: -40_800n, currency: 'USD' })).toBe('-0.0408 USD')
  })
})

describe('division rounded half to even', () => {
  it.each([
    [1n, 2n, 0n],
    [3n, 2n, 2n],
    [5n, 2n, 2n],
    [-1n, 2n, 0n],
    [-3n, 2n, -2n],
    [7n, 3n, 2n],
    [8n, 3n, 3n],
    [-8n, 3n, -3n],
  ])('%s / %s is %s', (dividend, divisor, quotient) => expect(divideHalfEven(dividend, divisor)).toBe(quotient))

  it('is never off by more than a half and mirrors at zero', () => {
    fc.assert(
      fc.property(amounts, fc.bigInt({ min: 1n, max: 10n ** 12n }), (dividend, divisor) => {
        const quotient = divideHalfEven(dividend, divisor)
        const rest = 2n * (dividend - quotient * divisor)
        expect(rest <= divisor && -rest <= divisor).toBe(true)
        expect(divideHalfEven(-dividend, divisor)).toBe(-quotient)
      }),
    )
  })
})
