import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { encodeModel } from './codec.ts'
import { GraphBuilder } from './graph-builder.ts'
import { microsoftOperators, newestOpset, oldestOpset, standardOperators } from './opsets.ts'

describe('the table of operators agrees with the runtime', () => {
  it('on the first and the last opset of each standard operator', async () => {
    const wrong: string[] = []
    for (const [operator, [since, last]] of standardOperators) {
      const first = Math.max(since, oldestOpset)
      if (!(await isRegistered(operator, '', first))) wrong.push(`${operator} is not in opset ${first}`)
      if (first > oldestOpset && (await isRegistered(operator, '', first - 1)))
        wrong.push(`${operator} is in opset ${first - 1} already`)
      if (!(await isRegistered(operator, '', Math.min(last, newestOpset))))
        wrong.push(`${operator} went before ${last}`)
      if (last < newestOpset && (await isRegistered(operator, '', last + 1)))
        wrong.push(`${operator} is in opset ${last + 1} still`)
    }
    expect(wrong).toEqual([])
  })

  it('on the operators of com.microsoft', async () => {
    for (const operator of microsoftOperators) {
      expect(await isRegistered(operator, 'com.microsoft', newestOpset), operator).toBe(true)
    }
    expect(await isRegistered('Nope', 'com.microsoft', newestOpset)).toBe(false)
  })
})

/** Whether the runtime knows the operator, however it finds the rest of the node. */
async function isRegistered(opType: string, domain: string, opset: number): Promise<boolean> {
  const model = new GraphBuilder().build()
  const bytes = encodeModel({
    ...model,
    opsets: new Map([...model.opsets, ['', opset]]),
    graph: {
      ...model.graph,
      inputs: [{ name: 'x', dtype: 'float32', dims: [2] }],
      outputs: [{ name: 'y', dtype: null, dims: null }],
      nodes: [{ name: 'node', opType, domain, inputs: ['x'], outputs: ['y'], attributes: {} }],
    },
  })
  try {
    const session = await openSession(bytes, { optimization: 'off' })
    await session.release()
    return true
  } catch (error) {
    return !/No Op registered|is not a registered function|is deprecated in domain_version/.test(String(error))
  }
}
