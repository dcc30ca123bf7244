import { createHash, randomBytes } from 'node:crypto'

/** A sortable identifier: a prefix, 48 bits of time, 80 random bits, in lower-case base 32 (like ULID). */
export function createId(prefix: string, now: Date = new Date()): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(now.getTime(), 0, 6)
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  let text = ''
  for (let value = BigInt(`0x${bytes.toString('hex')}`), i = 0; i < 26; i++, value >>= 5n) {
    text = alphabet[Number(value & 31n)] + text
  }
  return `${prefix}_${text}`
}

/** SHA-256 in lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
