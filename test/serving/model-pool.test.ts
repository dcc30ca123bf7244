import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { NotFoundError } from '../../src/base/index.ts'
import { predictionsOf } from '../../src/contracts/index.ts'
import { Inference, InferenceThread, ModelPool, type ServedModel, startInference } from '../../src/serving/index.ts'
import { createClassifierFolders } from '../tiny-classifier.ts'

const folders = createClassifierFolders()
let first: ServedModel
let second: ServedModel
beforeAll(async () => {
  first = { task: 'support', model: { id: 'model_1', version: 1 }, folder: await folders.write() }
  second = {
    task: 'support',
    model: { id: 'model_2', version: 2 },
    folder: await folders.write({ words: ['phone', 'card'] }),
  }
})
afterAll(() => folders.remove())

describe('the model pool', () => {
  it('loads a model at its first use, once for all who wait, and again answers at once', async () => {
    let found = 0
    const pool = new ModelPool({
      async findModel() {
        found++
        return first
      },
    })
    expect(pool.listLoaded()).toEqual([])
    const replies = await Promise.all(['card', 'money'].map((text) => pool.predict('support', [text])))
    expect(replies.map(({ predictions }) => predictionsOf(predictions, 'classify')[0]?.label)).toEqual([
      'card',
      'money',
    ])
    expect(found).toBe(1)
    expect(pool.listLoaded()).toEqual([
      { task: 'support', kind: 'classify', pairs: false, model: first.model, labels: ['card', 'money'], queueRows: 0 },
    ])
    await pool.close()
  })

  it('exchanges a model under load without failing a request, and ends the old one', async () => {
    const pool = new ModelPool({ findModel: async () => first })
    await pool.load(first)
    const versions: number[] = []
    let isSwapped = false
    const client = async () => {
      let isLast = false
      while (!isLast) {
        isLast = isSwapped
        const { model, predictions } = await pool.predict('support', ['card'])
        expect(predictions[0]).toMatchObject({ label: 'card' })
        versions.push(model.version)
      }
    }
    const clients = Promise.all(Array.from({ length: 8 }, client))
    await pool.load(second)
    isSwapped = true
    await clients
    expect(versions[0]).toBe(1)
    expect(versions.at(-1)).toBe(2)
    await pool.close()
  })

  it('takes a thread that stands ready for each model, and ends the one that is left', async () => {
    const started = vi.spyOn(InferenceThread, 'start')
    const pool = new ModelPool({ findModel: async () => first })
    pool.keepReady()
    expect(started).toHaveBeenCalledTimes(1)
    const spare = started.mock.results[0]?.value as InferenceThread
    await pool.load(first)
    // The one that was ready has the model, and the next is on its way.
    expect(started).toHaveBeenCalledTimes(2)
    await pool.load(second)
    expect((await pool.predict('support', ['card'])).model).toEqual(second.model)
    await pool.close()
    const threads = started.mock.results.map(({ value }) => value as InferenceThread)
    expect(threads).toContain(spare)
    expect(threads).toHaveLength(3)
    expect(threads.map(({ isOpen }) => isOpen)).toEqual([false, false, false])
    started.mockRestore()
  })

  it('that serves goes back to the model before at once, and lets go of the one before that', async () => {
    const started = vi.spyOn(InferenceThread, 'start')
    const pool = new ModelPool({ findModel: async () => first })
    const events: string[] = []
    pool.onModel(({ type, model }) => events.push(`${type === 'model-loaded' ? '+' : '-'}${model.version}`))
    await pool.load(first)
    pool.keepReady()
    await pool.load(second)
    const threads = started.mock.calls.length
    await pool.load(first)
    expect(started).toHaveBeenCalledTimes(threads)
    expect((await pool.predict('support', ['card'])).model).toEqual(first.model)
    expect(events).toEqual(['+1', '+2', '+1'])
    await pool.load({ ...second, model: { id: 'model_3', version: 3 } })
    expect(events).toEqual(['+1', '+2', '+1', '+3'])
    // Of two that could be gone back to, the last is kept.
    await vi.waitFor(() => expect(events.at(-1)).toBe('-2'))
    await pool.close()
    started.mockRestore()
  })

  it('keeps the present model where the next cannot be loaded', async () => {
    const pool = new ModelPool({ findModel: async () => first })
    await pool.load(first)
    await expect(pool.load({ ...second, folder: '/no/such/folder' })).rejects.toMatchObject({
      constructor: NotFoundError,
      code: 'serving.no-model-folder',
    })
    expect((await pool.predict('support', ['card'])).model).toEqual(first.model)
    await pool.close()
  })

  it('passes on why no model was found, and asks again the next time', async () => {
    const answers = [() => Promise.reject(new NotFoundError('test.none', 'none yet')), () => Promise.resolve(first)]
    const pool = new ModelPool({ findModel: () => (answers.shift() as () => Promise<ServedModel>)() })
    await expect(pool.predict('support', ['card'])).rejects.toMatchObject({ code: 'test.none' })
    expect((await pool.predict('support', ['card'])).model.version).toBe(1)
    await pool.close()
  })

  it('tells its listeners of every batch until they leave', async () => {
    const pool = new ModelPool({ findModel: async () => first })
    const heard: unknown[] = []
    const leave = pool.onBatch(({ task, model, rows }) => heard.push({ task, model, rows }))
    await pool.predict('support', ['card', 'money'])
    leave()
    await pool.predict('support', ['card'])
    expect(heard).toEqual([{ task: 'support', model: first.model, rows: 2 }])
    await pool.close()
  })

  it('answers what it accepted before it closes, and takes nothing after', async () => {
    const pool = new ModelPool({ findModel: async () => first })
    await pool.load(first)
    const accepted = Array.from({ length: 20 }, () => pool.predict('support', ['card']))
    await pool.close()
    expect(
      (await Promise.all(accepted)).every(
        ({ predictions }) => predictionsOf(predictions, 'classify')[0]?.label === 'card',
      ),
    ).toBe(true)
    await expect(pool.predict('support', ['card'])).rejects.toMatchObject({ code: 'serving.closed' })
  })
})

describe('inference in a worker thread', () => {
  it('refuses texts beyond the room in its queue, and has room again once they are answered', async () => {
    const inference = await startInference(first.folder, { queueRowsMax: 3 })
    const accepted = inference.predict(['card', 'card', 'card'])
    await expect(inference.predict(['card'])).rejects.toMatchObject({ code: 'serving.overloaded' })
    expect(inference.queueRows).toBe(3)
    await accepted
    expect(inference.queueRows).toBe(0)
    expect(await inference.predict(['card'])).toHaveLength(1)
    await inference.close()
  })

  it('lets go of an aborted call at once and of its room soon after', async () => {
    const inference = await startInference(first.folder, { delayMsMax: 60_000 })
    const abort = new AbortController()
    const aborted = inference.predict(['card', 'money'], { signal: abort.signal })
    abort.abort(new Error('gone'))
    await expect(aborted).rejects.toThrow('gone')
    await expect.poll(() => inference.queueRows).toBe(0)
    await inference.close()
  })

  it('rejects what is under way when its thread dies, instead of leaving it to wait', async () => {
    const dying = new Worker(`require('node:worker_threads').parentPort.once('message', () => process.exit(3))`, {
      eval: true,
    })
    const inference = new Inference(
      new InferenceThread(dying),
      { model: 1, head: { answer: { kind: 'classify' }, names: ['card'] }, labels: ['card'], tokensMax: 8 },
      { queueRowsMax: 8 },
    )
    await expect(inference.predict(['card'])).rejects.toMatchObject({ code: 'serving.worker-stopped' })
    expect(inference.isOpen).toBe(false)
    await inference.close()
  })
})
