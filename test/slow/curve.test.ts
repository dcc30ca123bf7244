import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPlatform, type Platform } from '../../src/index.ts'
import type { CurveEvent } from '../../src/platform/index.ts'
import { runCli } from '../cli/run-cli.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let base: string
let data: string
let platform: Platform
const sizes = [6, 12, 24, 48]
const settings = { epochs: 1 }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-curve-'))
  data = join(folder, 'tickets.csv')
  await writeFile(data, tinyCsv({ rowsPerLabel: 40 }))
  base = await writeTinyEncoder(join(folder, 'base'))
  platform = await createPlatform({ projectFolder: folder })
})
afterAll(async () => {
  await platform.close()
  await rm(folder, { recursive: true })
})

describe('a measured learning curve', () => {
  it('goes on after it was stopped, with what is missing, and then measures nothing twice', async () => {
    const request = { task: 'tiny', data, bases: [base], sizes, seeds: 2, settings }
    const stop = new AbortController()
    let ended = 0
    const stopped = platform.curve({
      ...request,
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === 'point-end' && ++ended === 3) stop.abort(new Error('enough'))
      },
    })
    await expect(stopped).rejects.toThrow('enough')
    const events: CurveEvent[] = []
    const { curves, testExamples, cost } = await platform.curve({ ...request, onEvent: (event) => events.push(event) })
    expect(events[0]).toMatchObject({ type: 'sizes-ready', sizes, trainings: 5, known: 3, train: 96, test: 24 })
    expect(testExamples).toBe(24)
    expect(curves).toHaveLength(1)
    expect(curves[0]?.points.map(({ labels, seed }) => [labels, seed])).toEqual(
      sizes.flatMap((labels) => [
        [labels, 1],
        [labels, 2],
      ]),
    )
    expect(cost?.amountMicro).toBeGreaterThan(0n)
    expect(await platform.curve(request)).toEqual({
      task: 'tiny',
      kind: 'classify',
      testExamples,
      target: null,
      curves,
      cost: null,
    })
    expect(await readdir(join(folder, '.capstan/curve'))).toEqual([])
  })

  it('is made of runs that are recorded and booked, and of no model versions', async () => {
    const runs = (await platform.listRuns({ task: 'tiny' })).filter(({ kind }) => kind === 'evaluate')
    expect(runs).toHaveLength(8)
    expect((await platform.listRunCosts()).size).toBe(8)
    expect(await platform.listModels({ task: 'tiny' })).toEqual([])
  })

  it('is another one for other settings', async () => {
    const { curves } = await platform.curve({
      task: 'tiny',
      data,
      bases: [base],
      sizes: [6],
      seeds: 1,
      settings: { epochs: 0 },
    })
    expect(curves[0]).toMatchObject({
      extended: null,
      why: expect.stringContaining('1 sizes'),
      points: [{ labels: 6 }],
    })
  })

  it('is refused where a size lacks a label or there is too little to divide, with what would do', async () => {
    const request = { task: 'tiny', data, bases: [base] }
    await expect(platform.curve({ ...request, sizes: [2, 12, 500] })).rejects.toMatchObject({
      code: 'curve.bad-sizes',
      message: expect.stringContaining('2, 500'),
      hint: expect.stringContaining('from 3 (one example of each label) to 96'),
    })
    await expect(platform.curve({ task: 'tiny', bases: [base] })).rejects.toMatchObject({ code: 'curve.no-data' })
    await expect(platform.curve({ ...request, target: 1 })).rejects.toMatchObject({ code: 'curve.bad-target' })
    const few = join(folder, 'few.csv')
    await writeFile(few, tinyCsv({ rowsPerLabel: 7 }))
    await expect(platform.curve({ ...request, data: few })).rejects.toMatchObject({ code: 'curve.too-few-examples' })
  })
})

it('capstan curve prints what was measured and what it says of more labels, or one object', async () => {
  const project = join(folder, 'cli')
  const command = ['curve', data, '--task', 'tiny', '--project', project, '--bases', base, '--epochs', '2']
  const options = ['--sizes', '6,12,24,48', '--seeds', '1', '--target', '0.99']
  const { code, stdout, stderr } = await runCli([...command, ...options])
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('training  4 of 4: 48 labels, seed 1, base')
  expect(stdout).toContain('tiny: accuracy on 24 held-out examples, base')
  expect(stdout).toMatch(/labels {2}accuracy {2}lowest to highest {2}trainings/)
  expect(stdout).toMatch(/form {6}.*missed 48 labels, fitted without them, by points: pow3 .*, last-value/)
  expect(stdout).toMatch(/for 99\.0 %: /)
  const again = await runCli([...command, ...options, '--json'])
  expect(JSON.parse(again.stdout)).toMatchObject({ task: 'tiny', cost: null, curves: [{ extended: { needed: {} } }] })
  const bad = await runCli([...command, '--sizes', 'many'])
  expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('--sizes takes numbers of labels') })
})

it('capstan curve without a file takes what the task has learnt', async () => {
  const project = join(folder, 'learnt')
  await mkdir(project)
  const settings = { tasks: { tiny: { kind: 'classify' } } }
  await writeFile(join(project, 'capstan.yaml'), JSON.stringify(settings))
  const options = ['--task', 'tiny', '--project', project]
  expect((await runCli(['curve', ...options])).stderr).toContain('code: flywheel.too-few-examples')
  expect((await runCli(['import', data, ...options])).code).toBe(0)
  const command = ['curve', ...options, '--bases', base, '--sizes', '12', '--seeds', '1', '--epochs', '0']
  const { code, stdout, stderr } = await runCli(command)
  expect(code, stderr).toBe(0)
  expect(stdout).toContain('no curve  1 sizes of training set were measured')
})
