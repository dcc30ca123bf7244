import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/index.ts'
import { type Audits, readAudits, recordAudit, startAudits } from './audits.ts'
import { chooseThreshold } from './choose-threshold.ts'
import { poolEvidence } from './pool-evidence.ts'

const promise = { target: 0.95, confidence: 0.95 }

/** Audits until the gate closes, or `count` of them; `agreementAt` may change over time. */
function audit(count: number, agreementAt: (i: number) => number, ...key: (number | string)[]): Audits {
  const random = createRandom(...key)
  let audits = startAudits(promise)
  for (let i = 0; i < count && audits.closedAt === null; i++)
    audits = recordAudit(audits, random.float() < agreementAt(i))
  return audits
}

function share(runs: number, happens: (run: number) => boolean): number {
  return Array.from({ length: runs }, (_, run) => happens(run)).filter(Boolean).length / runs
}

describe('audits', () => {
  it('close the gate, looking after each of 1,000 audits, in at most 5 % of the runs in which the target is just met', () => {
    expect(share(200, (run) => audit(1000, () => 0.95, run, 'null').closedAt !== null)).toBeLessThanOrEqual(0.05)
  })

  it('do so too where agreement varies from audit to audit but never falls under the target', () => {
    const waves = (i: number) => 0.95 + 0.05 * Math.sin(i / 50) ** 2
    expect(share(50, (run) => audit(1000, waves, run, 'waves').closedAt !== null)).toBeLessThanOrEqual(0.05)
  })

  it('close it within 150 audits at an agreement of 0.85, in nine of ten runs', () => {
    expect(share(100, (run) => audit(150, () => 0.85, run, 'broken').closedAt !== null)).toBeGreaterThan(0.9)
  })

  it('give an interval that holds the truth at all of 500 looks in at least 95 % of the runs', () => {
    const holds = share(40, (run) => {
      const random = createRandom(run, 'interval')
      let audits = startAudits(promise)
      for (let i = 0; i < 500; i++) {
        audits = recordAudit(audits, random.float() < 0.93)
        if (i % 25 > 0) continue
        const [low, high] = readAudits(audits).interval
        if (low > 0.93 || high < 0.93) return false
      }
      return true
    })
    expect(holds).toBeGreaterThanOrEqual(0.95)
  })

  it('are closed exactly when the upper bound is or was under the target', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (outcomes) => {
        let audits = startAudits(promise)
        let wasUnder = false
        for (const outcome of outcomes) {
          audits = recordAudit(audits, outcome > 1)
          const reading = readAudits(audits)
          wasUnder ||= reading.upper < promise.target
          expect(reading.closed).toBe(wasUnder)
          const share = reading.agreement as number
          expect(reading.interval[0]).toBeLessThanOrEqual(reading.lower)
          expect(reading.lower).toBeLessThanOrEqual(share)
          expect(reading.upper).toBeGreaterThanOrEqual(share)
          expect(reading.interval[1]).toBeGreaterThanOrEqual(reading.upper)
        }
      }),
      { numRuns: 15 },
    )
  })

  it('know nothing before the first, and go on from a stored state', () => {
    expect(readAudits(startAudits(promise))).toMatchObject({ agreement: null, lower: 0, upper: 1, interval: [0, 1] })
    const audits = audit(40, () => 0.9, 1, 'stored')
    expect(JSON.parse(JSON.stringify(audits))).toEqual(audits)
  })
})

describe('poolEvidence', () => {
  it('starts with the target and is sharpened by audits', () => {
    const pairs = Array.from({ length: 300 }, (_, i) => ({ score: 1 - i / 300, agrees: true }))
    const gate = chooseThreshold(pairs, promise)
    expect(poolEvidence(gate, startAudits(promise))).toMatchObject({ checked: 299, agreement: 1, bound: 0.95 })
    const later = poolEvidence(
      gate,
      audit(2000, () => 0.995, 2, 'good'),
    )
    expect(later.checked).toBe(2299)
    expect(later.bound).toBeGreaterThan(0.98)
    expect(later.confidence).toBeClose(0.9, { absolute: 1e-12 })
  })
})
