/** What an API key looks like, `cap_<id>_<secret>`, and how a secret is stored and compared. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { sha256 } from '../base/index.ts'

const secretBytes = 32
const tokenForm = /^cap_([0-9a-z]{26})_([0-9a-f]{64})$/

/** A key that was sent, taken apart; `id` is that of its row. */
export type PresentedKey = { id: string; secret: string }

/** 256 random bits, in hexadecimal: nothing in it keeps a double click from selecting the whole key. */
export function createSecret(): string {
  return randomBytes(secretBytes).toString('hex')
}

/** The text that its owner keeps. */
export function toToken({ id, secret }: PresentedKey): string {
  return `cap_${id.replace(/^key_/, '')}_${secret}`
}

/** The parts of a token, or null where it is none. */
export function parseToken(token: string): PresentedKey | null {
  const [, id, secret] = tokenForm.exec(token) ?? []
  return id === undefined || secret === undefined ? null : { id: `key_${id}`, secret }
}

/**
 * What is stored of a secret. A slow hash protects words that people choose, because they can be guessed; 256 random bits
 * cannot, so that one round of SHA-256 is as safe and costs a request some microseconds.
 */
export function hashSecret(secret: string): string {
  return sha256(secret)
}

/** Takes the same time wherever the first difference is, so that a stored hash cannot be found out digit by digit. */
export function isSecretOf(secret: string, storedHash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(storedHash))
}
