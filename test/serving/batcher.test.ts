import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { monotonicMs } from '../../src/base/index.ts'
import { Batcher, type BatchReport, openPredictor, type Predictor, type ScoredTexts } from '../../src/serving/index.ts'
import { createClassifierFolders } from '../tiny-classifier.ts'

const folders = createClassifierFolders()
let predictor: Predictor
let batches: BatchReport[]
const createBatcher = (delayMsMax = 0) =>
  new Batcher(predictor, { delayMsMax, onBatch: (report) => batches.push(report) })

beforeAll(async () => {
  predictor = await openPredictor(await folders.write(), { tokensPerBatch: 32 })
})
beforeEach(() => {
  batches = []
})
afterAll(async () => {
  await predictor.close()
  await folders.remove()
})

const score = (batcher: Batcher, texts: readonly string[], signal?: AbortSignal) =>
  batcher.score(
    texts.map((text) => ({ text })),
    signal ? { signal } : {},
  )

/** The label of each text, as the scores say; of a text there are two and its energy. */
function labelsOf({ numbers, truncated }: ScoredTexts): string[] {
  return truncated.map((_, i) => ((numbers[3 * i] as number) > (numbers[3 * i + 1] as number) ? 'card' : 'money'))
}

describe('the batcher', () => {
  it('counts the wait for a run that held the thread when a text set out, and nothing of an idle one', async () => {
    const batcher = createBatcher()
    await score(batcher, ['card'])
    const late = await batcher.score([{ text: 'card' }], { sentMs: monotonicMs() - 10_000 })
    expect(late.seconds.queue).toBeGreaterThan(9)
    const idle = await batcher.score([{ text: 'card' }])
    expect(idle.seconds.queue).toBeLessThan(9)
  })

  it('runs the texts of concurrent calls together and gives each call its own scores', async () => {
    const batcher = createBatcher()
    const calls = [['card'], ['money', 'card'], ['money']].map((texts) => score(batcher, texts))
    expect((await Promise.all(calls)).map(labelsOf)).toEqual([['card'], ['money', 'card'], ['money']])
    expect(batches.map(({ rows }) => rows)).toEqual([4])
  })

  it('keeps each batch within the token budget and counts the padding', async () => {
    const texts = Array.from({ length: 24 }, (_, i) => 'card '.repeat(1 + (i % 7)))
    await score(createBatcher(), texts)
    const tokens = texts.reduce((sum, text) => sum + predictor.encode({ text }).ids.length, 0)
    expect(batches.reduce((sum, batch) => sum + batch.rows, 0)).toBe(24)
    expect(batches.reduce((sum, batch) => sum + batch.tokens, 0)).toBe(tokens)
    for (const batch of batches) expect(batch.tokens + batch.tokensPadded).toBeLessThanOrEqual(32)
  })

  it('runs the oldest text first, also when shorter ones keep arriving', async () => {
    const batcher = createBatcher()
    const order: string[] = []
    const long = score(batcher, ['money '.repeat(28)]).then(() => order.push('long'))
    const short = Array.from({ length: 30 }, () => score(batcher, ['card']).then(() => order.push('short')))
    await Promise.all([long, ...short])
    expect(order[0]).toBe('long')
  })

  it('waits for more texts while idle, but not once a batch is full', async () => {
    const batcher = createBatcher(60_000)
    const early = score(batcher, ['card'])
    await setTimeout(20)
    expect(batches).toEqual([])
    const filling = score(batcher, Array(9).fill('money money'))
    expect(labelsOf(await early)).toEqual(['card'])
    expect(batches[0]?.rows).toBeGreaterThan(1)
    await batcher.drain()
    expect((await filling).truncated).toHaveLength(9)
  })

  it('never runs a text whose call is aborted while it waits', async () => {
    const batcher = createBatcher()
    const abort = new AbortController()
    const aborted = score(batcher, ['money'], abort.signal)
    const kept = score(batcher, ['card'])
    abort.abort(new Error('gone'))
    await expect(aborted).rejects.toThrow('gone')
    expect(labelsOf(await kept)).toEqual(['card'])
    expect(batches.map(({ rows }) => rows)).toEqual([1])
  })

  it('refuses a call whose signal is aborted already', async () => {
    await expect(score(createBatcher(), ['card'], AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
  })

  it('answers what it accepted when it drains, and refuses what comes after', async () => {
    const batcher = createBatcher(60_000)
    const accepted = score(batcher, ['card'])
    const drained = batcher.drain()
    await expect(score(batcher, ['money'])).rejects.toMatchObject({ code: 'serving.closed' })
    await drained
    expect(labelsOf(await accepted)).toEqual(['card'])
  })

  it('rejects the calls of a batch that cannot run, and answers the others', async () => {
    const failing: Predictor = {
      ...predictor,
      infer: (rows) => (rows.length > 1 ? Promise.reject(new Error('out of memory')) : predictor.infer(rows)),
    }
    const batcher = new Batcher(failing, { delayMsMax: 0 })
    const large = score(batcher, ['money', 'money'])
    const single = score(batcher, ['card '.repeat(25)])
    await expect(large).rejects.toThrow('out of memory')
    expect(labelsOf(await single)).toEqual(['card'])
  })

  it('answers a call without texts', async () => {
    expect((await score(createBatcher(), [])).truncated).toEqual([])
  })
})
