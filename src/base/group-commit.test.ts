import { describe, expect, it } from 'vitest'
import { createGroupCommit } from './group-commit.ts'

describe('a group commit', () => {
  it('commits at once what stands alone, and together what came while a commit was under way', async () => {
    const groups: number[][] = []
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { add, drained } = createGroupCommit<number>(async (items) => {
      groups.push([...items])
      if (groups.length === 1) await held
    })
    const first = add(1)
    await Promise.resolve()
    const others = [add(2), add(3), add(4)]
    release()
    await Promise.all([first, ...others])
    await drained()
    expect(groups).toEqual([[1], [2, 3, 4]])
  })

  it('fails each item of a commit that fails, and goes on with the next', async () => {
    const { add } = createGroupCommit<string>(async (items) => {
      if (items.includes('bad')) throw new Error('refused')
    }, 2)
    const outcomes = await Promise.allSettled(['bad', 'with it', 'good', 'too'].map(add))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled'])
  })
})
