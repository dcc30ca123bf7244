/** `capstan train`, killed, and `capstan train --resume`. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunDetails } from '../../src/index.ts'
import type { TrainTaskResult } from '../../src/platform/index.ts'
import { runCli } from '../cli/run-cli.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let base: string
const data = () => join(folder, 'tickets.csv')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-resume-cli-'))
  base = await writeTinyEncoder(join(folder, 'base'))
  await writeFile(data(), tinyCsv({ rowsPerLabel: 40 }))
})

afterAll(() => rm(folder, { recursive: true }))

const train = (project: string, epochs: number) => {
  const settings = ['--epochs', String(epochs), '--tokens-per-batch', '32', '--checkpoint-seconds', '0']
  return ['train', data(), '--task', 'tiny', '--base', base, ...settings, '--project', join(folder, project), '--json']
}
const weightsOf = ({ model }: TrainTaskResult) => model.files.find(({ path }) => path === 'onnx/model.onnx')?.sha256
const seriesOf = async (project: string, { run }: TrainTaskResult) => {
  const { stdout } = await runCli(['runs', run.id, '--project', join(folder, project), '--json'])
  const { runs } = JSON.parse(stdout) as { runs: RunDetails[] }
  return (runs[0]?.steps ?? []).map(({ seconds: _, ...step }) => step)
}
const json = (text: string) => JSON.parse(text) as TrainTaskResult

/** Starts the command in a process of its own and kills it soon after its first checkpoint. */
async function trainAndKill(argv: readonly string[], project: string): Promise<void> {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...argv], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const working = join(folder, project, '.capstan/training')
  const hasCheckpoint = async () =>
    existsSync(working) &&
    (await readdir(working)).some((run) => existsSync(join(working, run, 'checkpoint.safetensors')))
  while (!(await hasCheckpoint()) && child.exitCode === null) await sleep(2)
  child.kill('SIGKILL')
  await ended
}

describe('capstan train --resume', () => {
  it('goes on with a run that was killed, to the same weights, and books what both parts used', async () => {
    const whole = json((await runCli(train('whole', 4))).stdout)
    await trainAndKill(train('killed', 4), 'killed')
    const listed = await runCli(['runs', '--project', join(folder, 'killed'), '--json'])
    expect(listed.stdout).toContain('registry.run-interrupted')
    const { stdout, stderr, code } = await runCli(['train', '--resume', '--project', join(folder, 'killed'), '--json'])
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/resuming {2}after step \d+ of \d+/)
    const resumed = json(stdout)
    expect(weightsOf(resumed)).toBe(weightsOf(whole))
    expect(resumed.run).toMatchObject({ status: 'succeeded', error: null })
    expect(resumed.run.estimate?.steps).toBe(whole.run.estimate?.steps)
    expect(resumed.model.version).toBe(1)
    expect(await readdir(join(folder, 'killed/.capstan/training'))).toEqual([])
    const [expected, found] = [await seriesOf('whole', whole), await seriesOf('killed', resumed)]
    // Steps whose checkpoint was the last thing that the killed process did may be missing; none is there twice.
    expect(found).toEqual(expected.filter(({ step }) => found.some((one) => one.step === step)))
    expect(found.at(-1)).toEqual(expected.at(-1))
  })

  it('says what to do where nothing was interrupted', async () => {
    const { code, stderr } = await runCli(['train', '--resume', '--project', join(folder, 'whole')])
    expect(code).toBe(2)
    expect(stderr).toContain('No run was interrupted')
    expect(stderr).toContain('code: platform.cannot-resume')
  })

  it('refuses data that is not what the run began with, and can still go on afterwards', async () => {
    await trainAndKill(train('changed', 4), 'changed')
    const before = tinyCsv({ rowsPerLabel: 40 })
    await writeFile(data(), `${before}where is my card,card_arrival\n`)
    const refused = await runCli(['train', '--resume', '--project', join(folder, 'changed')])
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('platform.data-changed') })
    await writeFile(data(), before)
    expect((await runCli(['train', '--resume', '--project', join(folder, 'changed')])).code).toBe(0)
  })
})
