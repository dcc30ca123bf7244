import { describe, expect, it } from 'vitest'
import { createSlots } from './slots.ts'

describe('slots', () => {
  it('are given in the order of asking, never more than there are', async () => {
    const slots = createSlots(2, 10)
    const order: number[] = []
    let most = 0
    const work = async (i: number) => {
      const leave = await slots.enter()
      order.push(i)
      most = Math.max(most, slots.working)
      await Promise.resolve()
      leave?.()
    }
    await Promise.all([0, 1, 2, 3, 4, 5].map(work))
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
    expect([most, slots.working, slots.waiting]).toEqual([2, 0, 0])
  })

  it('refuse at once where the queue is full', async () => {
    const slots = createSlots(1, 1)
    await slots.enter()
    const waiting = slots.enter()
    expect(await slots.enter()).toBeUndefined()
    expect(slots.waiting).toBe(1)
    void waiting
  })

  it('let go who gives up waiting, and only them', async () => {
    const slots = createSlots(1, 5)
    const leave = await slots.enter()
    const abort = new AbortController()
    const given = slots.enter(abort.signal)
    const patient = slots.enter()
    abort.abort(new Error('gone'))
    await expect(given).rejects.toThrow('gone')
    leave?.()
    ;(await patient)?.()
    expect([slots.working, slots.waiting]).toEqual([0, 0])
  })
})
