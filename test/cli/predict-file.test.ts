import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPlatform } from '../../src/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'
import { runCli } from './run-cli.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-cli-batch-'))
  const base = await writeTinyEncoder(join(folder, 'base'))
  const data = join(folder, 'train.csv')
  await writeFile(data, tinyCsv({ rowsPerLabel: 40 }))
  const platform = await createPlatform({ projectFolder: folder })
  await platform.train({ task: 'support', data, base, settings: { epochs: 4, tokensPerBatch: 128 } })
  await platform.close()
  await writeFile(join(folder, 'in.jsonl'), '{"id":1,"text":"my card arrived late"}\n{"id":2,"text":"top up failed"}\n')
})
afterAll(() => rm(folder, { recursive: true }))

const path = (name: string) => join(folder, name)
const predict = (...argv: string[]) => runCli(['predict', '--task', 'support', '--project', folder, ...argv])

describe('capstan predict --in --out', () => {
  it('writes every row with its answer and says what was done', async () => {
    const { code, stdout, stderr } = await predict('--in', path('in.jsonl'), '--out', path('out.csv'))
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^data {6}2 rows\n/) })
    expect(stdout).toMatch(
      /^rows {6}2 answered\ntook {6}[^,]+, \d+ rows a second; 2 texts of \d+ tokens ran, padding [\d.]+ %/,
    )
    expect(stdout).toContain(`\nlabel         rows\ncard_arrival     1\ntop_up           1\n`)
    expect(stdout).toContain(`${path('out.csv')} is by support version 1\n`)
    expect(await readFile(path('out.csv'), 'utf8')).toMatch(
      /^id,text,label,confidence,truncated,model_version\n1,my card arrived late,card_arrival,0\.\d+,false,1\n2,top up failed,top_up,/,
    )
  })

  it('prints one JSON object with --json', async () => {
    const { stdout } = await predict('--in', path('in.jsonl'), '--out', path('out.parquet'), '--json')
    expect(JSON.parse(stdout)).toEqual({
      model: { id: expect.any(String), task: 'support', version: 1 },
      output: path('out.parquet'),
      status: 'finished',
      rows: 2,
      rowsBefore: 0,
      answered: 2,
      failed: 0,
      truncated: 0,
      texts: 2,
      tokens: expect.any(Number),
      tokensPadded: expect.any(Number),
      labels: { card_arrival: 1, top_up: 1 },
      problemsByKind: {},
      seconds: expect.any(Number),
      rowsPerSecond: expect.any(Number),
      paddingShare: expect.any(Number),
    })
  })

  it('refuses a file with bad rows and writes them with --skip-bad', async () => {
    await writeFile(path('bad.jsonl'), '{"id":1,"text":"top up failed"}\n{"id":2}\nno JSON\n')
    const argv = ['--in', path('bad.jsonl'), '--out', path('bad-out.jsonl')]
    const refused = await predict(...argv)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('2 of 3 rows cannot be answered\n  line 2: the row has no "text"\n  line 3: ')
    const { code, stdout, stderr } = await predict(...argv, '--skip-bad')
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^data {6}3 rows, 2 of them cannot be answered\n/),
    })
    expect(stdout).toMatch(
      /^rows {6}1 answered, 2 without an answer\n {10}1 rows: missing-field\n {10}1 rows: invalid-json\n/,
    )
    const lines = (await readFile(path('bad-out.jsonl'), 'utf8')).split('\n')
    expect(lines[1]).toBe('{"id":2,"error":"line 2: the row has no \\"text\\""}')
  })

  it.each([
    [['--in', 'a.csv'], '--in without --out'],
    [['--out', 'a.csv', '--scores', '2'], '--out, --scores without --in'],
    [['--in', 'a.csv', '--out', 'b.csv', 'a text'], 'texts beside files'],
    [['--in', 'a.csv', '--out', 'b.csv', '--pairs'], '--pairs beside files'],
  ])('answers bad usage with exit code 2: %j', async (argv, message) => {
    const { code, stderr } = await predict(...argv)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).toContain('code: cli.bad-usage\n')
  })
})
