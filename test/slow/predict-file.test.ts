/** `predictFile` with a trained model: files of every format, what it refuses, and going on after a kill. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { parquetWriteFile } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPlatform, type Platform, type PredictFileRequest } from '../../src/platform/index.ts'
import { tinyCsv, tinyWords, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let platform: Platform

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-batch-'))
  const base = await writeTinyEncoder(join(folder, 'base'))
  const data = join(folder, 'train.csv')
  await writeFile(data, tinyCsv({ rowsPerLabel: 40 }))
  platform = await createPlatform({ projectFolder: folder })
  await platform.train({ task: 'support', data, base, settings: { epochs: 4, tokensPerBatch: 128 } })
})
afterAll(async () => {
  await platform.close()
  await rm(folder, { recursive: true })
})

const path = (name: string) => join(folder, name)
const inFolder = async (name: string, content: string) => {
  await writeFile(path(name), content)
  return path(name)
}
const predict = (input: string, output: string, more: Partial<PredictFileRequest> = {}) =>
  platform.predictFile({ task: 'support', input, output: path(output), ...more })
const read = (name: string) => readFile(path(name), 'utf8')

/** Texts of many lengths, some of which repeat. */
const texts = Array.from({ length: 300 }, (_, i) =>
  Array.from({ length: 1 + ((7 * i) % 23) }, (_, j) => tinyWords[(i * 5 + j * 11) % tinyWords.length]).join(' '),
)

describe('a file of texts', () => {
  it('is answered row by row, as the texts are alone', async () => {
    const input = await inFolder('texts.csv', `id,text\n${texts.map((text, i) => `${i},${text}\n`).join('')}`)
    const result = await predict(input, 'texts-scored.csv', { windowRows: 128 })
    const alone = await platform.predict('support', texts)
    const [header, ...lines] = (await read('texts-scored.csv')).trimEnd().split('\n')
    expect(header).toBe('id,text,label,confidence,truncated,model_version')
    expect(lines).toHaveLength(300)
    for (const [i, line] of lines.entries()) {
      const [id, text, label, confidence, truncated, version] = line.split(',')
      const prediction = alone.predictions[i]
      if (prediction?.kind !== 'classify') throw new Error('the model classifies')
      expect([id, text, label, truncated, version]).toEqual([
        String(i),
        texts[i],
        prediction.label,
        String(prediction.truncated),
        '1',
      ])
      expect(Number(confidence)).toBeClose(prediction.score, { absolute: 1e-5 })
    }
    expect(result).toMatchObject({ status: 'finished', rows: 300, rowsBefore: 0, problemsByKind: {} })
    const { counts } = result
    expect(counts).toMatchObject({ answered: 300, failed: 0, truncated: 0 })
    expect(Object.values(counts.labels).reduce((sum, count) => sum + count, 0)).toBe(300)
    expect(counts.tokens).toBeGreaterThan(2 * counts.texts)
    expect(existsSync(path('texts-scored.csv.partial'))).toBe(false)
    expect(existsSync(path('texts-scored.csv.progress.jsonl'))).toBe(false)
  })

  it('runs equal texts of a window once', async () => {
    const input = await inFolder('same.jsonl', '{"text":"my card"}\n{"text":"lost it"}\n'.repeat(20))
    const { counts } = await predict(input, 'same-scored.jsonl')
    expect(counts).toMatchObject({ answered: 40, texts: 2 })
    expect(new Set((await read('same-scored.jsonl')).trimEnd().split('\n')).size).toBe(2)
  })

  it('goes from Parquet to Parquet with the model in the metadata and the best scores in a column', async () => {
    const input = path('in.parquet')
    parquetWriteFile({
      filename: input,
      columnData: [
        { name: 'question', data: ['my card has not arrived', 'top up failed'], type: 'STRING' },
        { name: 'id', data: [7n, 9n], type: 'INT64' },
      ],
    })
    await predict(input, 'out.parquet', { scoresMax: 2, prefix: 'predicted_' })
    const file = await asyncBufferFromFile(path('out.parquet'))
    const rows = await parquetReadObjects({ file })
    expect(rows.map((row) => Object.keys(row))[0]).toEqual([
      'question',
      'id',
      'predicted_label',
      'predicted_confidence',
      'predicted_scores',
      'predicted_truncated',
    ])
    expect(rows.map(({ id, predicted_label: label }) => [id, label])).toEqual([
      [7n, 'card_arrival'],
      [9n, 'top_up'],
    ])
    expect(rows[0]?.predicted_scores).toEqual([
      { label: 'card_arrival', score: expect.closeTo(rows[0]?.predicted_confidence, 5) },
      { label: expect.any(String), score: expect.any(Number) },
    ])
    const { key_value_metadata: metadata } = await parquetMetadataAsync(file)
    expect(metadata).toContainEqual({ key: 'capstan.model_version', value: '1' })
  })

  it('with rows that cannot be answered is refused before anything is written, with every line', async () => {
    const input = await inFolder('bad.csv', 'text,n\nmy card,1\n ,2\nlost,3,4\n')
    await expect(predict(input, 'bad-scored.csv')).rejects.toMatchObject({
      code: 'data.bad-rows',
      message: expect.stringMatching(/2 of 3 rows.*\n {2}line 3: "text" is empty\n {2}line 4: the row has 3 fields/),
    })
    expect(existsSync(path('bad-scored.csv.partial'))).toBe(false)
  })

  it('has the reasons in a column instead, where that is asked for', async () => {
    const input = await inFolder('skip.csv', 'text,n\nmy card,1\n ,2\nlost,3,4\n')
    const { counts, problemsByKind } = await predict(input, 'skip-scored.csv', { skipBadRows: true })
    const [header, first, second, third] = (await read('skip-scored.csv')).split('\n')
    expect(header).toBe('text,n,label,confidence,truncated,model_version,error')
    expect(first).toMatch(/^my card,1,\w+,[\d.]+,false,1,$/)
    expect(second).toBe(' ,2,,,,,"line 3: ""text"" is empty"')
    expect(third).toBe(',,,,,,"line 4: the row has 3 fields, the first row names 2 columns"')
    expect(counts).toMatchObject({ answered: 1, failed: 2 })
    expect(problemsByKind).toEqual({ 'empty-text': 1, 'ragged-row': 1 })
  })

  it.each<[string, Partial<PredictFileRequest>, string]>([
    ['an output that is there', { output: 'texts.csv' }, 'platform.output-exists'],
    ['an output of an unknown format', { output: 'out.xlsx' }, 'data.unknown-format'],
    ['columns that the file has already', { input: 'labelled.csv' }, 'batch.column-taken'],
    ['a text column that it lacks', { textColumn: 'body' }, 'data.missing-column'],
    ['a task without a model', { task: 'absent' }, 'registry.task-not-found'],
  ])('is refused with %s', async (_, { input = 'texts.csv', output = 'refused.csv', ...more }, code) => {
    await inFolder('labelled.csv', 'text,label\nmy card,x\n')
    await expect(predict(path(input), output, more)).rejects.toMatchObject({ code })
  })
})

describe('a batch that was stopped by its user', () => {
  it('keeps what it has and goes on from there', async () => {
    const input = path('texts.csv')
    const stop = new AbortController()
    const stopped = await predict(input, 'stopped.csv', {
      windowRows: 50,
      signal: stop.signal,
      onEvent: ({ type }) => type === 'rows-scored' && stop.abort(),
    })
    expect(stopped.status).toBe('stopped')
    expect(stopped.rows).toBeLessThan(300)
    expect(existsSync(path('stopped.csv'))).toBe(false)
    const resumed = await predict(input, 'stopped.csv', { windowRows: 50, resume: true })
    expect(resumed).toMatchObject({ status: 'finished', rows: 300, rowsBefore: stopped.rows })
    expect(resumed.counts.answered).toBe(300)
  })
})

describe('a batch whose process was killed', () => {
  const request = (format: string): PredictFileRequest => ({
    task: 'support',
    input: path('texts.csv'),
    output: path(`killed.${format}`),
    windowRows: 30,
    scoresMax: 2,
  })

  it.each([
    ['csv', 1],
    ['jsonl', 140],
    ['parquet', 200],
  ])('goes on to the same bytes: %s, killed after %i rows', async (format, haltAt) => {
    const whole = path(`undisturbed.${format}`)
    await platform.predictFile({ ...request(format), output: whole })
    await platform.close()
    await predictAndKill({ projectFolder: folder, request: request(format), haltAt })
    const left = [`killed.${format}.partial`, `killed.${format}.progress.jsonl`]
    expect(left.map((name) => existsSync(path(name)))).toEqual([true, true])
    // As a kill in the middle of a write leaves them.
    for (const name of left) await appendFile(path(name), '{"rows":')
    platform = await createPlatform({ projectFolder: folder })
    await expect(platform.predictFile(request(format))).rejects.toMatchObject({
      code: 'batch.unfinished',
      message: expect.stringContaining(path(left[0] as string)),
    })
    await expect(platform.predictFile({ ...request(format), scoresMax: 3, resume: true })).rejects.toMatchObject({
      code: 'batch.changed',
      message: expect.stringContaining('scoresMax 2 then, 3 now'),
    })
    const { rows, rowsBefore } = await platform.predictFile({ ...request(format), resume: true })
    expect(rows).toBe(300)
    expect(rowsBefore).toBeGreaterThanOrEqual(Math.max(0, haltAt - 90))
    expect(rowsBefore).toBeLessThan(300)
    expect((await readFile(request(format).output)).equals(await readFile(whole))).toBe(true)
    expect(left.map((name) => existsSync(path(name)))).toEqual([false, false])
  })

  it('is not gone on with where its input changed or its draft is cut', async () => {
    const input = await inFolder('changing.csv', 'text\nmy card\nlost\n')
    const output = 'changing-scored.csv'
    const header = { batch: 1, input: { sha256: 'other', sizeBytes: 1 }, model: 'other', settings: {} }
    const progress = `${path(output)}.progress.jsonl`
    await writeFile(progress, `${JSON.stringify(header)}\n`)
    await expect(predict(input, output, { resume: true })).rejects.toMatchObject({
      code: 'batch.changed',
      message: expect.stringContaining('the input file has changed; model other then'),
    })
    await writeFile(progress, 'no JSON\n')
    await expect(predict(input, output, { resume: true })).rejects.toMatchObject({ code: 'batch.damaged' })
  })
})

/** Resolves once the process has halted and got SIGKILL. */
function predictAndKill(order: unknown): Promise<void> {
  const script = join(import.meta.dirname, 'predict-and-stop.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(order))
  child.stdout.on('data', () => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (_, signal) => (signal === 'SIGKILL' ? resolve() : reject(new Error('it ended before the kill'))))
  })
}
