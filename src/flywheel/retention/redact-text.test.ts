import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactText, retainText } from '../index.ts'

describe('redaction', () => {
  it.each([
    ['write to jane.doe+x@mail.example.co.uk!', 'write to [EMAIL]!'],
    ['jörg@müller.de, please', '[EMAIL], please'],
    ['my card 4111 1111 1111 1111 is lost', 'my card [CARD] is lost'],
    ['5500-0000-0000-0004', '[CARD]'],
    ['378282246310005', '[CARD]'],
    ['I paid 12 4111 1111 1111 1111 99 times', 'I paid 12 [CARD] 99 times'],
    ['IBAN AT61 1904 3002 3457 3201 please', 'IBAN [IBAN] please'],
    ['gb82WEST12345698765432', '[IBAN]'],
    ['call +43 660 123 45 67 now', 'call [PHONE] now'],
    ['0660/1234567', '[PHONE]'],
    ['(555) 123-4567 or 555.123.4567', '[PHONE] or [PHONE]'],
    ['postgres://app:pa55@db.example.com:5432/x', 'postgres://[CREDENTIALS]@db.example.com:5432/x'],
    ['https://a:b@c@host/p', 'https://[CREDENTIALS]@host/p'],
    ['see https://host/p?id=7&api_key=abc123&x=1', 'see https://host/p?id=7&api_key=[CREDENTIALS]&x=1'],
  ])('of %s', (text, redacted) => expect(redactText(text)).toBe(redacted))

  it.each([
    'card 4111 1111 1111 1112 fails the Luhn check',
    'AT61 1904 3002 3457 3202 fails the IBAN checksum',
    'on 2026-11-23, or 01.02.2026, or 01/02/2026',
    'it costs 0.040812 or 1,234,567.89',
    'order 12345, page 0 of 7',
    'https://example.com/a?b=c and @handle',
    '41111111111111111111111 is too long for a card',
    'Card arrived late :// again @ home',
  ])('leaves "%s" as it is', (text) => expect(redactText(text)).toBe(text))

  it('finds every card number whose last digit is its check digit', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 15, maxLength: 15 })
    fc.assert(
      fc.property(digits, (payload) => {
        const sum = payload.reduce(
          (total, digit, i) => total + (i % 2 === 0 ? digit * 2 - (digit > 4 ? 9 : 0) : digit),
          0,
        )
        const number = [...payload, (10 - (sum % 10)) % 10].join('')
        expect(redactText(`card ${number}.`)).toBe('card [CARD].')
      }),
    )
  })

  it('changes nothing the second time', () => {
    const pieces = fc.constantFrom(
      'jane@x.org',
      '4111 1111 1111 1111',
      'https://a:b@c/',
      '+436601234567',
      '0',
      '-',
      'a',
      '@',
      '://',
    )
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const once = redactText(parts.join(' '))
        expect(redactText(once)).toBe(once)
      }),
    )
  })

  it.each(['a', '1 ', 'a.', '://', '0-', 'AA11', '@a.', 'http://a@', '('])(
    'of 40,000 characters of "%s" takes no time to speak of',
    (piece) => {
      const text = piece.repeat(40_000 / piece.length)
      const started = process.cpuUsage()
      redactText(text)
      // Quadratic patterns need seconds for this; linear ones a few milliseconds.
      expect(process.cpuUsage(started).user).toBeLessThan(1_000_000)
    },
  )
})

it('retains all, the redacted text or nothing', () => {
  const text = 'I am jane@x.org'
  expect((['full', 'redacted', 'none'] as const).map((retention) => retainText(text, retention))).toEqual([
    text,
    'I am [EMAIL]',
    null,
  ])
})
