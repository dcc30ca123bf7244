import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'

// Tests are the same on every run; a failure found with another seed becomes a case of its own.
fc.configureGlobal({ seed: 20_261_123 })

// Making an empty database takes seconds: one is made, and each project copies it.
process.env.CAPSTAN_DATABASE_TEMPLATE = join(tmpdir(), 'capstan-test-database')

// A developer's own database is none for tests.
delete process.env.DATABASE_URL

type Tolerance = { absolute?: number; relative?: number }
type Numbers = number | bigint | ArrayLike<number | bigint>

declare module 'vitest' {
  interface Assertion {
    /** Every number within `absolute + relative × |expected|` of its counterpart. */
    toBeClose(expected: Numbers, tolerance: Tolerance): void
  }
}

expect.extend({
  toBeClose(received: Numbers, expected: Numbers, { absolute = 0, relative = 0 }: Tolerance) {
    const got = toNumbers(received)
    const want = toNumbers(expected)
    if (got.length !== want.length) {
      return { pass: false, message: () => `expected ${want.length} numbers, got ${got.length}` }
    }
    const wrong = want.findIndex((value, i) => {
      const actual = got[i] as number
      return !(actual === value || Math.abs(actual - value) <= absolute + relative * Math.abs(value))
    })
    return {
      pass: wrong < 0,
      message: () =>
        `at index ${wrong}: expected ${want[wrong]}, got ${got[wrong]} (absolute ${absolute}, relative ${relative})`,
    }
  },
})

function toNumbers(value: Numbers): number[] {
  return typeof value === 'object' ? Array.from(value as ArrayLike<number | bigint>, Number) : [Number(value)]
}
