import { expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'

const increasing = Uint8Array.from({ length: 32 }, (_, i) => i)

it.each([
  ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(), 0],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 times 255', new Uint8Array(32).fill(255), 0x62a8ab43],
  ['0 to 31', increasing, 0x46dd794e],
  ['31 to 0', increasing.toReversed(), 0x113fdb5c],
])('is that of the standard (RFC 3720): %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})
