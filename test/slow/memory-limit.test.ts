import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { predictionsOf } from '../../src/contracts/index.ts'
import { estimateModelMemory, type ModelEvent, ModelPool, type ServedModel } from '../../src/serving/index.ts'
import { createClassifierFolders } from '../tiny-classifier.ts'

const folders = createClassifierFolders()
const words = { a: ['card', 'money'], b: ['phone', 'bank'], c: ['time', 'house'] }
type Task = keyof typeof words
const served = {} as Record<Task, ServedModel>
let bytes: number

beforeAll(async () => {
  for (const [task, labels] of Object.entries(words)) {
    const model = { id: `model_${task}`, version: 1 }
    served[task as Task] = { task, model, folder: await folders.write({ words: labels }) }
  }
  bytes = (await estimateModelMemory(served.a)).bytes
})
afterAll(() => folders.remove())

/** A pool with room for so many models; `events` has what came and went, such as "+a" and "-a memory". */
function openPool(models: number) {
  const pool = new ModelPool({
    findModel: async (task) => served[task as Task],
    // The models differ by some bytes of their vocabulary’s rows.
    memoryBytesMax: models * bytes + 1000,
  })
  const events: string[] = []
  pool.onModel((event: ModelEvent) =>
    events.push(event.type === 'model-loaded' ? `+${event.task}` : `-${event.task} ${event.reason}`),
  )
  return { pool, events }
}

const ask = async (pool: ModelPool, task: Task) => {
  const { model, predictions } = await pool.predict(task, [words[task][0] as string])
  expect(model).toEqual(served[task].model)
  expect(predictionsOf(predictions, 'classify')[0]?.label).toBe(words[task][0])
}
const loadedIn = (pool: ModelPool) => pool.listLoaded().map(({ task }) => task)

describe('a model pool with a limit of memory', () => {
  it('unloads the least recently used model for the next, and loads it again when it is asked', async () => {
    const { pool, events } = openPool(2)
    for (const task of ['a', 'b', 'a', 'c', 'a', 'b'] as const) await ask(pool, task)
    expect(events).toEqual(['+a', '+b', '-b memory', '+c', '-c memory', '+b'])
    expect(loadedIn(pool).sort()).toEqual(['a', 'b'])
    expect(pool.memoryBytes).toBeLessThanOrEqual(2 * bytes + 1000)
    await pool.close()
  })

  it('answers what a model has accepted before it gives up its place', async () => {
    const { pool, events } = openPool(1)
    await ask(pool, 'a')
    const accepted = Promise.all(Array.from({ length: 50 }, () => ask(pool, 'a')))
    await ask(pool, 'b')
    await accepted
    expect(events).toEqual(['+a', '-a memory', '+b'])
    await pool.close()
  })

  it('answers everyone where more tasks are asked at once than fit', async () => {
    const { pool } = openPool(1)
    const client = async (first: number) => {
      for (let i = 0; i < 2; i++) await ask(pool, (['a', 'b', 'c'] as const)[(first + i) % 3] as Task)
    }
    await Promise.all([0, 1, 2, 0, 1, 2].map(client))
    expect(loadedIn(pool)).toHaveLength(1)
    await pool.close()
  })

  it('knows tasks that it found no room for, and loads their models at the first request', async () => {
    const { pool, events } = openPool(1)
    for (const task of ['a', 'b'] as const) await pool.loadIfRoom(served[task])
    expect(loadedIn(pool)).toEqual(['a'])
    expect(pool.listTasks()).toEqual([
      { task: 'a', kind: 'classify', pairs: false, model: served.a.model, labels: words.a },
      { task: 'b', kind: 'classify', pairs: false, model: served.b.model, labels: words.b },
    ])
    await ask(pool, 'b')
    expect(events).toEqual(['+a', '-a memory', '+b'])
    expect(pool.listTasks().map(({ task }) => task)).toEqual(['a', 'b'])
    await pool.close()
  })

  it('exchanges a version without a gap where both fit, and after it has ended where they do not', async () => {
    for (const [models, expected] of [
      [2, ['+a', '+a', '-a replaced']],
      [1, ['+a', '-a memory', '+a']],
    ] as const) {
      const { pool, events } = openPool(models)
      await ask(pool, 'a')
      const next = { ...served.a, model: { id: 'model_a2', version: 2 } }
      await pool.load(next)
      expect((await pool.predict('a', ['card'])).model).toEqual(next.model)
      // The one before ends in the background.
      await pool.close()
      expect(events).toEqual(expected)
    }
  })

  it('lets go of a former version, which a server keeps to go back to, before a model that answers', async () => {
    const { pool, events } = openPool(2)
    pool.keepReady()
    await pool.load(served.a)
    await pool.load({ ...served.a, model: { id: 'model_a2', version: 2 } })
    expect(events).toEqual(['+a', '+a'])
    expect(pool.memoryBytes).toBeGreaterThanOrEqual(2 * bytes)
    await ask(pool, 'b')
    expect(events).toEqual(['+a', '+a', '-a memory', '+b'])
    expect(loadedIn(pool)).toEqual(['a', 'b'])
    await pool.close()
  })

  it('refuses a model that would not fit alone, and leaves the others where they are', async () => {
    const pool = new ModelPool({ findModel: async () => served.a, memoryBytesMax: bytes / 2 })
    await expect(pool.loadIfRoom(served.a)).rejects.toMatchObject({ code: 'serving.too-large' })
    await expect(pool.predict('a', ['card'])).rejects.toMatchObject({ code: 'serving.too-large' })
    await pool.close()
  })
})
