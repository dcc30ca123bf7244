import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createPlatform } from '../../src/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'
import { runCli, startCli } from './run-cli.ts'

/** A device of another operating system. */
const foreign = process.platform === 'win32' ? 'coreml' : 'dml'

let folder: string
let data: string
let base: string
const inProject = (...argv: string[]) => [...argv, '--project', folder]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-cli-'))
  data = join(folder, 'tickets.csv')
  await writeFile(data, tinyCsv({ rowsPerLabel: 40 }))
  base = await writeTinyEncoder(join(folder, 'base'))
})

afterAll(() => rm(folder, { recursive: true }))

describe('capstan', () => {
  it('shows its commands', async () => {
    const { code, stdout } = await runCli(['--help'])
    expect(code).toBe(0)
    for (const name of ['train', 'evaluate', 'predict', 'serve', 'models', 'runs', 'promote', 'devices', 'demo'])
      expect(stdout).toContain(`\n  ${name} `)
  })

  it('shows a command’s options and an example', async () => {
    const { stdout } = await runCli(['promote', '--help'])
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: capstan promote [options] <version>

      make a version of a task live; an older one to go back

      Arguments:
        version             number of the version

      Options:
        --task <name>       the task: lower-case letters, digits, - and _
        --json              print one JSON object on stdout; logs and progress go to
                            stderr
        --project <folder>  folder of capstan.yaml and the data folder (default: here)
        --config <file>     another configuration file
        --debug             show stack traces
        -h, --help          display help for command

      Example:
        capstan promote 2 --task support
      "
    `)
  })

  it('prints its version', async () => {
    expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })

  it.each([
    [['trian'], 'Did you mean train?'],
    [['train', '--task', 'a'], 'capstan train needs <data>'],
    [['train', 'x.csv'], 'capstan train needs --task'],
    [['train', 'x.csv', '--task', 'a', '--estimate', '--resume'], '--estimate or --resume, not both'],
    [['train', 'x.csv', '--task', 'a', '--epochs', 'abc'], 'It must be a whole number of at least 0'],
    [['train', 'x.csv', '--task', 'a', '--pooling', 'max'], 'Allowed choices are mean, cls'],
    [['models', '--tsak', 'a'], 'Did you mean --task?'],
    [['train', 'x.csv', '--task', 'a', '--dropout', '1'], 'It must be a number of at least 0 and below 1'],
    [['serve', '--port', '65536'], 'It must be a whole number of at least 0 and below 65536'],
  ])('answers bad usage with exit code 2: %j', async (argv, message) => {
    const { code, stderr } = await runCli(argv)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^error: .+\n(?:.*\n)*hint: .+\ncode: cli\.bad-usage\n$/)
  })

  it('answers bad usage with JSON where JSON was asked for', async () => {
    const { code, stdout } = await runCli(['models', '--tsak', 'a', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'cli.bad-usage', message: "unknown option '--tsak'", hint: 'Did you mean --task?' },
    })
  })

  it('shows the devices, with why the others cannot be used and what to do', async () => {
    const { code, stdout } = await runCli(['devices'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^device +usable +why not\ncpu +yes\ncuda +/)
    expect(stdout).toMatch(new RegExp(`\n${foreign} +no +onnxruntime-node does not carry it for .*\n`))
    expect(stdout).toMatch(new RegExp(`\n${foreign}: .* choose another device\\.\n`))
    expect(JSON.parse((await runCli(['devices', '--json'])).stdout)).toMatchObject({
      platform: process.platform,
      devices: expect.arrayContaining([{ device: 'cpu', usable: true, reason: null, hint: null }]),
    })
  })

  it('shows its commands where none is given, as bad usage', async () => {
    const { code, stdout, stderr } = await runCli([])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^Usage: capstan /)
  })
})

describe('on a project', () => {
  it('train shows what it read, each epoch, the report, the cost and what to do next', async () => {
    const { code, stdout, stderr } = await runCli(
      inProject('train', data, '--task', 'support', '--base', base, '--epochs', '2'),
    )
    expect(code).toBe(0)
    expect(stderr).toContain('data      120 rows, 3 labels (columns text and label): 108 to train, 12 to test')
    expect(stderr).toMatch(/epoch 2: done, kept/)
    expect(stdout).toMatch(/accuracy {2}[\d.]+ % of 12 texts \(95 % interval [\d.]+ to [\d.]+ %\)\nmacro F1/)
    expect(stdout).toMatch(/class +precision +recall +F1 +support\ncard_arrival/)
    expect(stdout).toMatch(/cost {6}0\.\d+ USD at 0\.0408 USD per CPU-hour/)
    expect(stderr).toContain('asked     epochs 2: in place of 12; 108 examples, 36 a label (few-shot)')
    expect(stderr).toMatch(/estimate {2}about \d+ s .*left/)
    expect(stdout).toMatch(/estimated about \d+ s.*, \d+ CPU-seconds, \d+ MiB, 0\.\d+ USD\nused/)
    expect(stdout).toContain('capstan predict --task support')
  })

  it('train --estimate says what training would take and cost, and trains nothing', async () => {
    const argv = inProject('train', data, '--task', 'support', '--base', base, '--epochs', '2', '--estimate')
    const { code, stdout, stderr } = await runCli(argv)
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(
      /^time {6}about \d+ s.* for all epochs: \d+ steps, \d+ tokens\nmemory .*\ncost {6}0\.\d+ USD, \d+ CPU-seconds\n$/,
    )
    const { estimate, choices, settings } = JSON.parse((await runCli([...argv, '--json'])).stdout)
    expect(estimate).toMatchObject({ steps: expect.any(Number), cost: { currency: 'USD' } })
    expect(settings.epochs).toBe(2)
    expect(choices).toContainEqual(expect.objectContaining({ setting: 'kind', value: 'classify' }))
    expect(JSON.parse((await runCli(inProject('runs', '--json'))).stdout).runs).toHaveLength(1)
  })

  it('train --json gives one object on stdout', async () => {
    const { code, stdout } = await runCli(
      inProject('train', data, '--task', 'support', '--base', base, '--epochs', '1', '--json'),
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      run: { status: 'succeeded', settings: { device: 'cpu' } },
      model: { task: 'support', version: 2, stage: 'candidate' },
      cost: { currency: 'USD' },
      test: { count: 12 },
      data: { counts: { train: 108 } },
    })
  })

  it('models, runs and promote show and change which version is live', async () => {
    expect((await runCli(inProject('promote', '2', '--task', 'support'))).stdout).toBe('support version 2 is live.\n')
    const { stdout } = await runCli(inProject('models', '--json'))
    const { models } = JSON.parse(stdout) as { models: { stage: string; cost: { amountMicro: string } }[] }
    expect(models.map(({ stage }) => stage)).toEqual(['retired', 'live'])
    expect(Number(models[0]?.cost.amountMicro)).toBeGreaterThan(0)
    expect((await runCli(inProject('models'))).stdout).toMatch(
      /task +version +stage +score +size +cost +base +created\nsupport +1 +retired/,
    )
    expect((await runCli(inProject('runs'))).stdout).toMatch(
      /run_\w+ +support +train +succeeded .* 0\.\d+ USD +\d+ s, 0\.\d+ USD /,
    )
  })

  it('evaluate measures a given version', async () => {
    const { code, stdout } = await runCli(inProject('evaluate', data, '--task', 'support', '--version', '1'))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^support version 1 \(retired\)\naccuracy {2}[\d.]+ % of 120 texts/)
  })

  it('train --adapter separate shows the size of the adapter, and export writes it as a whole folder', async () => {
    const options = ['--base', base, '--epochs', '1', '--method', 'lora', '--adapter', 'separate']
    const { stdout } = await runCli(inProject('train', data, '--task', 'adapted', ...options))
    expect(stdout).toMatch(/adapter {3}0\.0\d+ MiB of weights beside those of base\nmodel {5}adapted version 1, live/)
    const output = join(folder, 'exported')
    const { code } = await runCli(inProject('export', '--task', 'adapted', '--output', output))
    expect(code).toBe(0)
    expect((await readdir(output)).sort()).toEqual([
      'README.md',
      'config.json',
      'onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
  })

  it('predict labels arguments, or lines of stdin', async () => {
    const { stdout } = await runCli(inProject('predict', 'top up failed', '--task', 'support'))
    expect(stdout).toMatch(/^\w+ {2}[\d.]+ % {2}\(then \w+ [\d.]+ %\)\n$/)
    const piped = await runCli(inProject('predict', '--task', 'support', '--json'), {
      stdin: 'my card\r\n\ntop up failed\n',
    })
    expect(JSON.parse(piped.stdout)).toMatchObject({
      model: { version: 2 },
      predictions: [
        { input: 'my card', truncated: false },
        { input: 'top up failed', truncated: false },
      ],
    })
  })

  it('takes the options of every command before its name too', async () => {
    const { code, stdout } = await runCli(['--project', folder, '--json', 'models', '--task', 'support'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout).models).toHaveLength(2)
  })

  it.each([
    [['train', 'nowhere.csv', '--task', 'x'], 1, 'data.file-not-found'],
    [['train', 'DATA', '--task', 'x', '--text-column', 'txt'], 2, 'data.missing-column'],
    [['train', 'DATA', '--task', 'Not Good'], 2, 'platform.bad-task-name'],
    [['train', 'DATA', '--task', 'x', '--base', 'no/such/base/at/all'], 1, 'registry.base-not-found'],
    [['predict', 'x', '--task', 'nope'], 1, 'registry.task-not-found'],
    [['predict', ' ', '--task', 'support'], 2, 'cli.empty-text'],
    [['predict', '--task', 'support'], 2, 'cli.no-text'],
    [['evaluate', 'DATA', '--task', 'support', '--version', '9'], 1, 'registry.version-not-found'],
    [['train', 'DATA', '--task', 'x', '--device', foreign], 1, 'runtime.no-device'],
    [['evaluate', 'DATA', '--task', 'support', '--device', foreign], 1, 'runtime.no-device'],
    [['predict', 'x', '--task', 'support', '--device', foreign], 1, 'runtime.no-device'],
    [['serve', '--port', '0', '--log-level', 'error', '--device', foreign], 1, 'runtime.no-device'],
    [['promote', 'two', '--task', 'support'], 2, 'cli.bad-version'],
    [['models', '--config', 'nowhere.yaml'], 1, 'config.not-found'],
  ])('answers %j with exit code %i and %s', async (argv, code, name) => {
    const result = await runCli(inProject(...argv.map((word) => (word === 'DATA' ? data : word))))
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toMatch(/^error: .+\n(?:.*\n)*hint: .+\ncode: /m)
    expect(result.stderr).toContain(`code: ${name}\n`)
  })

  it('takes the device of capstan.yaml, unless an option names another', async () => {
    const config = join(folder, 'elsewhere.yaml')
    await writeFile(config, `device: ${foreign}\n`)
    const predict = inProject('predict', 'my card', '--task', 'support', '--config', config)
    expect((await runCli(predict)).stderr).toContain(
      `error: The device ${foreign} cannot be used on ${process.platform}/`,
    )
    expect(await runCli([...predict, '--device', 'cpu'])).toMatchObject({ code: 0 })
  })

  it('names the column that a misspelt one may mean', async () => {
    const { stderr } = await runCli(inProject('train', data, '--task', 'x', '--text-column', 'txt'))
    expect(stderr).toContain('has no column "txt"; the file has: text, label\nhint: did you mean "text"?')
  })

  it('gives an error as JSON on stdout where JSON was asked for', async () => {
    const { code, stdout } = await runCli(inProject('predict', 'x', '--task', 'nope', '--json'))
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'registry.task-not-found', hint: expect.any(String) } })
  })

  it('says who has the data folder while another process works in it', async () => {
    const owner = await createPlatform({ projectFolder: folder })
    const { code, stderr } = await runCli(inProject('models'))
    await owner.close()
    expect(code).toBe(1)
    expect(stderr).toContain('code: storage.folder-locked')
    expect(stderr).toContain(String(process.pid))
  })

  it('train ends at a signal with the best model kept and exit code 130', async () => {
    const cli = startCli(
      inProject('train', data, '--task', 'stopped', '--base', base, '--epochs', '5000', '--patience', '5000'),
    )
    await vi.waitFor(() => expect(cli.stderr()).toContain('epoch 2:'), { timeout: 120_000, interval: 20 })
    cli.signal()
    const { code, stdout } = await cli.result
    expect(code).toBe(130)
    expect(stdout).toContain('stopped by a signal, the best model so far is kept')
    expect(stdout).toContain('model     stopped version 1, live')
  })

  it('serve answers over HTTP until a signal', async () => {
    const cli = startCli(inProject('serve', '--port', '0', '--log-level', 'error', '--json'))
    await vi.waitFor(() => expect(cli.stdout()).toContain('url'), { timeout: 120_000, interval: 20 })
    const { url } = JSON.parse(cli.stdout()) as { url: string }
    const response = await fetch(`${url}/v1/tasks/support/predictions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: 'my card has not arrived' }),
    })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ model: { version: 2 }, predictions: [{ truncated: false }] })
    cli.signal()
    expect((await cli.result).code).toBe(0)
  })
})
