import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const documented = [...page.matchAll(/^\| `([^`]+)` \| (.+) \| (.+) \|$/gm)].flatMap(([, code = '', when, action]) =>
  code.includes('.') ? [{ code, when, action }] : [],
)
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }))

const errorClasses = 'CapstanError|InvalidInputError|NotFoundError|ConflictError|UnsupportedError|LimitError'
const code = /'([a-z]+\.[a-z]+(?:-[a-z0-9]+)*)'/g

/** Where an error is made: the expression of its code. */
const thrown = sources.flatMap(({ path, text }) =>
  [...text.matchAll(new RegExp(`new (?:${errorClasses})\\(\\s*([^,]+),`, 'g'))].map((match) => ({
    path,
    expression: match[1] as string,
    codes: codesIn(match[1] as string),
  })),
)

/** Words in quotes that look like codes, in the areas that have codes: also those that are mapped or only described. */
const areas = new Set([...documented.map((entry) => areaOf(entry.code)), ...readdirSync(join(root, 'src'))])
const named = new Set(sources.flatMap(({ text }) => codesIn(text)).filter((name) => areas.has(areaOf(name))))

describe('the error codes', () => {
  it('stand as words where an error is made, so that they can be found', () => {
    expect(thrown.length).toBeGreaterThan(50)
    // `code` hands on that of an error which is caught and named more exactly.
    expect(thrown.filter(({ expression, codes }) => codes.length === 0 && expression !== 'code')).toEqual([])
  })

  it('that the sources name are all documented', () => {
    const known = new Set(documented.map((entry) => entry.code))
    expect([...named].filter((name) => !known.has(name) && !isFileName(name))).toEqual([])
  })

  it('that are documented are all in the sources, each once', () => {
    const codes = documented.map((entry) => entry.code)
    expect(codes.filter((name) => !named.has(name))).toEqual([])
    expect(codes).toEqual([...new Set(codes)])
  })

  it('are documented with when they come and what to do', () => {
    for (const entry of documented)
      expect(entry).toEqual({ ...entry, when: expect.stringMatching(/\w/), action: expect.stringMatching(/\w/) })
  })
})

function codesIn(text: string): string[] {
  return [...text.matchAll(code)].map((match) => match[1] as string)
}

function areaOf(name: string): string {
  return name.split('.')[0] as string
}

function isFileName(name: string): boolean {
  return /\.(json|onnx|yaml)$/.test(name)
}
