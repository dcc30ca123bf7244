import { expect, it } from 'vitest'
import { createTurnstile } from './turnstile.ts'

it('lets one through at a time, in the order of coming, also after one of them throws', async () => {
  const turnstile = createTurnstile()
  const log: string[] = []
  const visit = (name: string, fails = false) =>
    turnstile.run(async () => {
      log.push(`${name} in`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`${name} out`)
      if (fails) throw new Error(name)
    })
  const visits = await Promise.allSettled([visit('a'), visit('b', true), visit('c')])
  expect(visits.map((visit) => visit.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
})
