/** Training runs with their series: in the store, in TensorBoard's files and on the command line. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runDetailsSchema } from '../../src/contracts/index.ts'
import { createPlatform, type FinetuneEvent, finetune, type TrainTaskRequest } from '../../src/index.ts'
import { runCli } from '../cli/run-cli.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'
import { readEvents } from './read-events.ts'

let folder: string
let data: string
let base: string
let first: string
let second: string
const events: FinetuneEvent[] = []
const clock = { now: () => new Date('2026-11-25T12:00:00Z') }
const inProject = (...argv: string[]) => runCli([...argv, '--project', folder])
const eventsIn = async (path: string) => {
  const names = await readdir(path)
  return names.flatMap((name) => readEvents(join(path, name)))
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-tracking-'))
  data = join(folder, 'tickets.csv')
  // Enough rows that some are set aside for validation.
  await writeFile(data, tinyCsv({ rowsPerLabel: 800 }))
  base = await writeTinyEncoder(join(folder, 'base'))
  const platform = await createPlatform({ projectFolder: folder, clock })
  const train = async (request: Partial<TrainTaskRequest>) => {
    const common = { task: 'support', data, base, tensorboard: join(folder, 'board') }
    return (await platform.train({ ...common, ...request })).run.id
  }
  first = await train({ settings: { epochs: 2, tokensPerBatch: 2048 }, onEvent: (event) => events.push(event) })
  second = await train({ settings: { epochs: 1, tokensPerBatch: 2048, seed: 2 } })
  await platform.close()
})

afterAll(() => rm(folder, { recursive: true }))

const stepsOf = () => events.filter((event) => event.type === 'step-end')

describe('a training run', () => {
  it('has its steps and epochs, its settings in effect, its cost and its model in the store', async () => {
    const { stdout } = await inProject('runs', first, '--json')
    const { runs } = JSON.parse(stdout) as { runs: unknown[] }
    const run = runDetailsSchema.parse(runs[0])
    expect(run.steps).toEqual(stepsOf().map(({ type: _, stepCount: __, ...step }) => step))
    expect(run.epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2])
    expect(run.epochs.at(-1)).toMatchObject({
      step: run.steps.length,
      loss: expect.any(Number),
      metrics: { kind: 'classify', count: 240, primary: { name: 'accuracy' } },
    })
    expect(run.epochs.find(({ epoch }) => epoch === run.keptEpoch)).toMatchObject({ isBest: true })
    expect(run.effectiveSettings).toMatchObject({ epochs: 2, learningRate: 3e-4, precision: 'fp32' })
    expect(run).toMatchObject({ id: first, status: 'succeeded', model: { version: 1 }, cost: { currency: 'USD' } })
  })

  it('that fails keeps the steps it made, and the settings it had', async () => {
    const failed = await inProject('train', data, '--task', 'broken', '--base', base, '--learning-rate', '1e30')
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('training.non-finite') })
    const listed = JSON.parse((await inProject('runs', '--task', 'broken', '--json')).stdout)
    const { runs } = JSON.parse((await inProject('runs', listed.runs[0].id, '--json')).stdout)
    const failedAt = Number(/Step (\d+)/.exec(failed.stderr)?.[1])
    expect(runs[0]).toMatchObject({ status: 'failed', model: null, effectiveSettings: { learningRate: 1e30 } })
    expect(runs[0].steps).toHaveLength(failedAt - 1)
    const { stdout } = await inProject('runs', listed.runs[0].id)
    expect(stdout).toContain('train for broken: failed (training.non-finite: Step ')
  })
})

describe('capstan runs', () => {
  it('shows one run, named by the beginning of its id', async () => {
    const { code, stdout } = await inProject('runs', first.slice(0, -2))
    expect(code).toBe(0)
    expect(stdout).toContain(`run       ${first}, train for support: succeeded\nstarted   2026-11-25 12:00\n`)
    expect(stdout).toMatch(/settings {2}accumulate 1, .*base .*,\n {10}.*/)
    expect(stdout).toMatch(/accuracy {2}[\d.]+ % of 240 texts/)
    expect(stdout).toMatch(/epoch +step +loss +validation\n +0 +0 +[\d.]+ +accuracy .*n 240\)/)
    const stepRows = stdout.match(/^ *\d+–\d+( +[\d.e-]+){4}$/gm)
    expect(stepRows).toHaveLength(10)
    expect(stdout).toMatch(/loss {11}[▁▂▃▄▅▆▇█]+\ngradient norm {2}[▁▂▃▄▅▆▇█]+\n$/)
  })

  it('compares runs: what differs in their settings, scores with intervals, and what they took', async () => {
    const { code, stdout } = await inProject('runs', first, second)
    expect(code).toBe(0)
    const rows = stdout.split('\n').map((line) => line.trim().split(/ {2,}/))
    expect(rows[0]).toEqual([first, second])
    expect(rows).toContainEqual(['epochs', '2', '1'])
    expect(rows).toContainEqual(['seed', '1', '2'])
    const score = expect.stringMatching(/^[\d.]+ % of 240 texts \(95 % interval [\d.]+ to [\d.]+ %\)$/)
    expect(rows).toContainEqual(['accuracy', score, score])
    expect(rows.map(([name]) => name)).toEqual(
      expect.arrayContaining(['macro F1', 'kept epoch', 'validation', 'time', 'CPU-seconds', 'memory', 'cost']),
    )
    expect(rows.map(([name]) => name)).not.toContain('learningRate')
    expect(stdout).toMatch(/\d+ settings are the same\./)
    expect(stdout).toContain('The runs had different data or splits: their scores are of different texts.')
  })

  it('writes the series as CSV, one value a row', async () => {
    const file = join(folder, 'series.csv')
    expect((await inProject('runs', first, second, '--csv', file)).code).toBe(0)
    const rows = (await readFile(file, 'utf8')).trimEnd().split('\n')
    const [step] = stepsOf()
    expect(rows[0]).toBe('run,step,name,value')
    expect(rows[1]).toBe(`${first},1,train/loss,${step?.loss}`)
    expect(rows.filter((row) => /validation\/accuracy/.test(row))).toHaveLength(5)
  })

  it.each([
    [['runs', '--csv', 'x.csv'], 2, 'cli.bad-usage'],
    [['runs', 'FIRST', '--task', 'support'], 2, 'cli.bad-usage'],
    [['runs', 'FIRST', '--csv', 'nowhere/at/all.csv'], 2, 'cli.cannot-write'],
    [['runs', 'zzz'], 1, 'registry.run-not-found'],
    [['runs', 'run_'], 2, 'registry.run-ambiguous'],
  ])('answers %j with exit code %i and %s', async (argv, code, name) => {
    const result = await inProject(...argv.map((word) => (word === 'FIRST' ? first : word)))
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toContain(`code: ${name}\n`)
  })
})

describe('for TensorBoard', () => {
  it('each run has a sub-folder with the values of its steps and epochs, at the clock’s time', async () => {
    expect((await readdir(join(folder, 'board'))).sort()).toEqual([first, second].sort())
    const found = await eventsIn(join(folder, 'board', first))
    expect(new Set(found.map(({ seconds }) => seconds))).toEqual(new Set([clock.now().getTime() / 1000]))
    expect(found[0]).toMatchObject({ version: 'brain.Event:2' })
    const training = found.filter(({ scalars }) => scalars && 'train/loss' in scalars)
    expect(training.map(({ step, scalars }) => ({ step, scalars }))).toEqual(
      stepsOf().map(({ step, loss, learningRate, gradientNorm, tokens, seconds }) => ({
        step,
        scalars: {
          'train/loss': Math.fround(loss),
          'train/learning_rate': Math.fround(learningRate),
          'train/gradient_norm': Math.fround(gradientNorm),
          'train/tokens_per_second': Math.fround(tokens / seconds),
        },
      })),
    )
    const validation = found.filter(({ scalars }) => scalars && 'validation/loss' in scalars)
    expect(validation).toHaveLength(3)
    expect(Object.keys(validation[0]?.scalars ?? {}).sort()).toEqual(
      ['accuracy', 'loss', 'macro_f1'].map((name) => `validation/${name}`),
    )
  })

  it('a run of the library has one too, and needs no store', async () => {
    const board = join(folder, 'library-board')
    const small = join(folder, 'small.csv')
    await writeFile(small, tinyCsv())
    const output = join(folder, 'library-model')
    const { model } = await finetune({ data: small, base, output, tensorboard: board, settings: { epochs: 1 } })
    await model.close()
    const [run = ''] = await readdir(board)
    const found = await eventsIn(join(board, run))
    // Without validation texts there is nothing to say of them.
    expect(new Set(found.flatMap(({ scalars = {} }) => Object.keys(scalars)))).toEqual(
      new Set(['loss', 'learning_rate', 'gradient_norm', 'tokens_per_second'].map((name) => `train/${name}`)),
    )
  })

  it('a folder that cannot be made ends the run before it trains', async () => {
    const argv = ['train', data, '--task', 'support', '--base', base, '--tensorboard', join(data, 'board')]
    const { code, stderr } = await inProject(...argv)
    expect(code).toBe(2)
    expect(stderr).toContain('code: tracking.folder-unusable')
  })
})
