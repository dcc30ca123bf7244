// What names a person or opens a door, found by its form: no dictionary and no model, so names and addresses stay.
import type { Retention } from '../../contracts/index.ts'

type Rule = { pattern: RegExp; redact: (found: string) => string }

const replaceBy = (mark: string) => () => mark

// Every pattern is linear in the text: starts are held to the beginning of a word or number, or lengths are bounded.
const rules: readonly Rule[] = [
  // user:password@ in any URL; the rest of the address stays.
  { pattern: /(?<=\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#]+(?=@)/gi, redact: replaceBy('[CREDENTIALS]') },
  // Parameters of URLs whose values are usually secret.
  {
    pattern: /(?<=[?&#](?:access_token|api_?key|auth|key|pass(?:word)?|secret|sig(?:nature)?|token)=)[^\s&#]+/gi,
    redact: replaceBy('[CREDENTIALS]'),
  },
  {
    pattern: /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]+@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/gu,
    redact: replaceBy('[EMAIL]'),
  },
  { pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}/gi, redact: redactIban },
  { pattern: /(?<![\d+])\d+(?:[ -]\d+)*/g, redact: redactCards },
  // With + or a leading 0: 7 to 15 digits (E.164), no date. Or in the North American form.
  {
    pattern:
      /(?<![\w+.,-])(?!\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b)(?:\+\d|\(?0\d)(?:[ ./()-]{0,2}\d){5,13}(?!\w)|(?<![\w+.-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\w)/g,
    redact: replaceBy('[PHONE]'),
  },
]

/** The text with e-mail addresses, telephone numbers, card numbers, IBANs and credentials in URLs replaced by marks. */
export function redactText(text: string): string {
  return rules.reduce((rest, { pattern, redact }) => rest.replace(pattern, redact), text)
}

/** What may be stored of a text; null where nothing may. */
export function retainText(text: string, retention: Retention): string | null {
  if (retention === 'none') return null
  return retention === 'redacted' ? redactText(text) : text
}

/** The longest beginning that is an IBAN: what follows it may be the next words of the sentence. */
function redactIban(found: string): string {
  for (let end = found.length; end >= 15; end--) {
    if (found[end - 1] !== ' ' && isIban(found.slice(0, end))) return `[IBAN]${found.slice(end)}`
  }
  return found
}

/** ISO 13616: the number with its first four characters at its end, letters as 10 to 35, leaves 1 modulo 97. */
function isIban(found: string): boolean {
  const compact = found.replaceAll(' ', '').toUpperCase()
  const digits = (compact.slice(4) + compact.slice(0, 4)).replace(/[A-Z]/g, (letter) =>
    String(letter.charCodeAt(0) - 55),
  )
  return BigInt(digits) % 97n === 1n
}

/** Replaces card numbers among groups of digits; groups are never cut, so a longer number is no card. */
function redactCards(found: string): string {
  // Groups at even places, what separates them at odd ones.
  const parts = found.split(/([ -])/)
  let redacted = ''
  for (let start = 0; start < parts.length; ) {
    const end = findCardEnd(parts, start)
    redacted += end === undefined ? parts[start] : '[CARD]'
    start = end ?? start + 1
  }
  return redacted
}

/** The place after the shortest card number that begins with the group at `start`. */
function findCardEnd(parts: readonly string[], start: number): number | undefined {
  if (start % 2 === 1) return undefined
  let digits = ''
  for (let i = start; i < parts.length && digits.length < 19; i += 2) {
    digits += parts[i]
    if (digits.length >= 12 && digits.length <= 19 && isCardNumber(digits)) return i + 1
  }
  return undefined
}

/** ISO/IEC 7812-1, Annex B (Luhn): from the right, every second digit doubled; the sum of all digits is a multiple of ten. */
function isCardNumber(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    sum += i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)
  }
  return sum % 10 === 0
}
