/**
 * A quantity as a founder writes it: a number (`400k EUR`, `4 %/month`), a distribution (`normal(10, 2) EUR/month`,
 * `lognormal p10=3 p90=12`, `uniform(1 %, 4 %)`), or the name of an assumption.
 */
import type { QuantityText } from '../../contracts/index.ts'
import type { Distribution } from '../simulation/distribution.ts'
import { parseUnit } from './units.ts'

/** `unit` is undefined where none is written. */
export type ReadQuantity =
  | { kind: 'number'; value: number; unit: string | undefined }
  | { kind: 'distribution'; distribution: Distribution; unit: string | undefined }
  | { kind: 'name'; name: string }
  | { kind: 'problem'; problem: string }

const numberPattern = String.raw`[-+]?\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?`
const amount = new RegExp(String.raw`^(${numberPattern})([kM]?)(?![\w.,])\s*(%?)`)

/** The arguments of each distribution in their order; `lognormal` has two forms, which only names tell apart. */
const forms: readonly { kind: Distribution['kind']; names: readonly string[]; named?: true }[] = [
  { kind: 'normal', names: ['mean', 'sd'] },
  { kind: 'lognormal', names: ['p10', 'p90'], named: true },
  { kind: 'lognormal', names: ['mean', 'sd'], named: true },
  { kind: 'uniform', names: ['low', 'high'] },
  { kind: 'triangular', names: ['low', 'mode', 'high'] },
  { kind: 'pert', names: ['low', 'mode', 'high'] },
  { kind: 'beta', names: ['alpha', 'beta'] },
  { kind: 'gamma', names: ['shape', 'scale'] },
]
const kinds: readonly string[] = [...new Set(forms.map(({ kind }) => kind)), 'samples']

/** Reads a text; units are turned into those inside (`units.ts`). */
export function readQuantity(text: QuantityText, currency: string): ReadQuantity {
  if (typeof text === 'number') return { kind: 'number', value: text, unit: undefined }
  const trimmed = text.trim()
  const kind = /^([a-z]+)\s*(?=\(|\s+\w+\s*=)/.exec(trimmed)?.[1]
  if (kind !== undefined && kinds.includes(kind))
    return readDistribution(kind, trimmed.slice(kind.length).trim(), currency)
  if (kind !== undefined) return { kind: 'problem', problem: `"${kind}" is no distribution: ${kinds.join(', ')}` }
  const number = takeNumber(trimmed)
  if (number) return withUnit({ kind: 'number', value: number.value }, number.rest, number.isShare, currency)
  if (/^[\p{L}_][\p{L}\p{N}_. -]*$/u.test(trimmed)) return { kind: 'name', name: trimmed }
  return { kind: 'problem', problem: `"${text}" is neither a number, a distribution nor a name` }
}

function readDistribution(kind: string, text: string, currency: string): ReadQuantity {
  const values = text.startsWith('(') ? takeListed(text) : takeNamed(text)
  if (typeof values === 'string') return { kind: 'problem', problem: values }
  const { entries, rest } = values
  const numbers = entries.map(({ value }) => value)
  const isShare = entries.some((entry) => entry.isShare)
  if (isShare && !entries.every((entry) => entry.isShare || entry.value === 0))
    return { kind: 'problem', problem: `of "${text}" some numbers are in %, and others are not` }
  if (kind === 'samples')
    return withUnit({ kind: 'distribution', distribution: { kind, values: numbers } }, rest, isShare, currency)
  const form = forms.find(
    ({ kind: other, names, named }) =>
      other === kind &&
      (entries.every(({ name }) => name === undefined)
        ? !named && names.length === entries.length
        : names.length === entries.length && names.every((name) => entries.some((entry) => entry.name === name))),
  )
  if (!form) {
    const wanted = forms.filter((other) => other.kind === kind).map(describeForm)
    return { kind: 'problem', problem: `"${kind} ${text}" cannot be read: write ${wanted.join(' or ')}` }
  }
  const parameters = Object.fromEntries(
    form.names.map((name, i) => [name, (entries.find((entry) => entry.name === name) ?? entries[i])?.value]),
  )
  return withUnit(
    { kind: 'distribution', distribution: { kind, ...parameters } as Distribution },
    rest,
    isShare,
    currency,
  )
}

function describeForm({ kind, names, named }: (typeof forms)[number]): string {
  return named ? `${kind} ${names.map((name) => `${name}=…`).join(' ')}` : `${kind}(${names.join(', ')})`
}

type Entry = { name?: string; value: number; isShare: boolean }

function takeListed(text: string): { entries: Entry[]; rest: string } | string {
  const end = text.indexOf(')')
  if (end < 0) return `"${text}" has no closing bracket`
  const entries = text
    .slice(1, end)
    .split(',')
    .map((part) => takeNumber(part.trim()))
  const numbers = entries.filter((entry) => entry !== undefined && entry.rest === '') as Entry[]
  return numbers.length === entries.length
    ? { entries: numbers, rest: text.slice(end + 1).trim() }
    : `"${text.slice(0, end + 1)}" is not a list of numbers`
}

function takeNamed(text: string): { entries: Entry[]; rest: string } | string {
  const entries: Entry[] = []
  let rest = text
  for (let match = startOfName(rest); match; match = startOfName(rest)) {
    const number = takeNumber(rest.slice(match[0].length))
    if (!number) return `"${rest}" does not go on with a number after ${match[1]}=`
    entries.push({ name: match[1] as string, value: number.value, isShare: number.isShare })
    rest = number.rest
  }
  return { entries, rest }
}

function startOfName(text: string): RegExpExecArray | null {
  return /^(\w+)\s*=\s*/.exec(text)
}

/** A number at the start: `1_500`, `2.5M`, `40k`, `12 %`; in % the value is the share. */
export function takeNumber(text: string): { value: number; isShare: boolean; rest: string } | undefined {
  const match = amount.exec(text)
  if (!match) return undefined
  const [all, digits = '', size, percent] = match
  const value = Number(digits.replaceAll('_', '')) * (size === 'k' ? 1e3 : size === 'M' ? 1e6 : 1)
  // A % that is followed by a time belongs to the unit.
  const rest = text.slice(all.length).trim()
  return percent === '%' ? { value: value / 100, isShare: true, rest } : { value, isShare: false, rest }
}

function withUnit(
  read: { kind: 'number'; value: number } | { kind: 'distribution'; distribution: Distribution },
  rest: string,
  isShare: boolean,
  currency: string,
): ReadQuantity {
  if (rest === '' && !isShare) return { ...read, unit: undefined }
  const parsed = parseUnit(isShare ? `share${rest}` : rest, currency)
  if (typeof parsed === 'string') return { kind: 'problem', problem: parsed }
  const { unit, factor } = parsed
  if (read.kind === 'number') return { ...read, value: read.value * factor, unit }
  if (factor === 1) return { ...read, unit }
  if (read.distribution.kind === 'beta')
    return { kind: 'problem', problem: `a beta distribution is a share from 0 to 1 and cannot be in ${rest}` }
  return { ...read, distribution: scaleDistribution(read.distribution, factor), unit }
}

/** The distribution of a value times a positive factor. */
export function scaleDistribution(distribution: Distribution, factor: number): Distribution {
  if (distribution.kind === 'gamma') return { ...distribution, scale: distribution.scale * factor }
  const fixed = ['kind', 'probabilities', 'shape', 'alpha', 'beta']
  return Object.fromEntries(
    Object.entries(distribution).map(([name, value]) => {
      if (fixed.includes(name)) return [name, value]
      return [name, Array.isArray(value) ? value.map((one) => one * factor) : value * factor]
    }),
  ) as Distribution
}
