import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { compileVenture } from '../../src/planning/index.ts'
import { createPlatform } from '../../src/platform/index.ts'
import { runCli } from './run-cli.ts'

const root = join(import.meta.dirname, '../..')
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function createProject(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-plan-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

async function bookCash(project: string): Promise<void> {
  const platform = await createPlatform({ projectFolder: project })
  const post = (key: string, eventTime: string, account: string, units: bigint) =>
    platform.ledger.postEntry({
      source: 'test',
      key,
      eventTime: new Date(eventTime),
      description: key,
      postings: [
        { account, commodity: 'EUR', amountMicro: -units * 1_000_000n },
        { account: 'Assets:Cash:Bank', commodity: 'EUR', amountMicro: units * 1_000_000n },
      ],
    })
  await post('paid in', '2026-08-01T12:00:00Z', 'Equity:Founders', 80_000n)
  await post('subscriptions', '2026-09-15T12:00:00Z', 'Income:Subscriptions', 2_000n)
  await post('salaries', '2026-09-30T12:00:00Z', 'Expenses:Team:Salaries', -6_000n)
  await post('after the plan', '2026-10-02T12:00:00Z', 'Equity:Founders', 1_000n)
  await platform.close()
}

const plan = `venture: Small
date: 2026-10-01
currency: EUR
months: 12
cash: ledger
segments:
  all:
    users: 40
    price: lognormal p10=40 p90=80 EUR/user/month
    churn: 4 %/month
    channels: { organic: { newUsers: 6 users/month } }
costs:
  salaries: { link: Team, monthly: 6k EUR/month }
assess:
  survey: { file: survey.csv, method: gabor-granger }
  criteria: { market: 1 }
  options: { a: { market: 5 }, b: { market: 6 } }
`
const survey = `price,buys\n${[40, 60, 80].flatMap((price, i) => Array.from({ length: 5 }, (_, k) => `${price},${k < 5 - 2 * i ? 'yes' : 'no'}`)).join('\n')}\n`

describe('capstan plan', () => {
  it('takes cash, months and spend from the books up to its date, and prints a page', async () => {
    const project = createProject({ 'venture.yaml': plan, 'survey.csv': survey })
    await bookCash(project)
    const { code, stdout, stderr } = await runCli(['plan', '--project', project, '--draws', '64'])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('On 2026-10-01 there are 76k EUR of cash (booked in the ledger)')
    expect(stdout).toMatch(/2026-09 +2,000 EUR +6,000 EUR/)
    expect(stdout).toContain('Booked so far by link: Team 6,000 EUR.')
    const files = ['one.pdf', 'two.pdf'].map((name) => join(project, name))
    for (const file of files)
      expect((await runCli(['plan', '--project', project, '--draws', '64', '--out', file])).code).toBe(0)
    expect(readFileSync(files[0] as string).equals(readFileSync(files[1] as string))).toBe(true)
  })

  it('prints the report as JSON with seed, draws and months as asked', async () => {
    const project = createProject({
      'venture.yaml': plan.replace('cash: ledger', 'cash: 50k EUR'),
      'survey.csv': survey,
    })
    const { stdout } = await runCli([
      'plan',
      '--json',
      '--project',
      project,
      '--draws',
      '64',
      '--seed',
      '7',
      '--months',
      '6',
    ])
    expect(JSON.parse(stdout)).toMatchObject({ seed: 7, draws: 64, months: 6, situation: { cash: 50_000 } })
  })

  it('names the line of every mistake', async () => {
    const wrong = plan
      .replace('cash: ledger', 'cash: 5k USD')
      .replace('users: 40', 'users: -4')
      .replace('churn: 4 %/month', 'churn: 4 EUR')
    const { code, stderr } = await runCli([
      'plan',
      '--project',
      createProject({ 'venture.yaml': `${wrong}prise: 3\n`, 'survey.csv': survey }),
    ])
    expect(code).toBe(2)
    expect(stderr).toContain('line 18: prise: is no setting')
    const later = await runCli(['plan', '--project', createProject({ 'venture.yaml': wrong, 'survey.csv': survey })])
    expect(later.stderr).toContain("line 5: cash: is in USD, and the plan's currency is EUR")
    expect(later.stderr).toContain('line 8: segments.all.users: it must be at least 0 and is -4')
    expect(later.stderr).toContain('line 10: segments.all.churn: is in EUR, and here %/month is meant')
  })

  it('names the line also of what only shows when it is computed', async () => {
    const wrong = `${plan.replace('cash: ledger', 'cash: 5k EUR')}allocation:\n  links: { Data: { curve: hill half=5k } }\n`
    const { stderr } = await runCli([
      'plan',
      '--project',
      createProject({ 'venture.yaml': wrong, 'survey.csv': survey }),
    ])
    expect(stderr).toMatch(/venture.yaml, line 19: There is no budget to allocate/)
  })

  it('says where a plan comes from that is not there', async () => {
    const { code, stderr } = await runCli(['plan', '--project', createProject()])
    expect(code).toBe(1)
    expect(stderr).toContain('capstan plan init writes one')
  })
})

describe('capstan plan init', () => {
  it('writes a plan that can be computed, filled from the ledger, and never over another', async () => {
    const project = createProject()
    await bookCash(project)
    expect((await runCli(['plan', 'init', '--yes', '--project', project])).code).toBe(0)
    const text = readFileSync(join(project, 'venture.yaml'), 'utf8')
    expect(text).toMatch(/^cash: ledger/m)
    expect(text).toContain('team: { link: Team, monthly: 6000 EUR/month }')
    expect((await runCli(['plan', '--project', project, '--draws', '32'])).code).toBe(0)
    const again = await runCli(['plan', 'init', '--yes', '--project', project])
    expect(again.stderr).toContain('There is a plan at')
  })

  it('asks, and refuses answers that cannot stand in a plan', async () => {
    const project = createProject()
    const answers = [
      'CHF',
      'Lotsen',
      'Sorts "mail": all of it',
      '90k CHF',
      '12',
      'uniform(30, 60) CHF/user/month',
      '',
      '',
    ]
    const { code, stderr } = await runCli(['plan', 'init', '--project', project], { stdin: `${answers.join('\n')}\n` })
    expect(code).toBe(0)
    expect(stderr).toContain('Currency of the plan [EUR]:')
    expect(parse(readFileSync(join(project, 'venture.yaml'), 'utf8'))).toMatchObject({
      venture: 'Lotsen',
      what: 'Sorts "mail": all of it',
      currency: 'CHF',
      segments: { customers: { users: 12 } },
    })
    const bad = await runCli(['plan', 'init', '--project', createProject()], { stdin: 'EUR\nX\nY\nmuch money USD\n' })
    expect(bad.code).toBe(2)
    expect(bad.stderr).toMatch(/line \d+: cash:/)
  })
})

describe('capstan assess', () => {
  it('reads the survey beside the plan and ranks the options', async () => {
    const project = createProject({
      'venture.yaml': plan.replace('cash: ledger', 'cash: 50k EUR'),
      'survey.csv': survey,
    })
    const { code, stdout } = await runCli(['assess', '--project', project])
    expect(code).toBe(0)
    expect(stdout).toContain('b is best by the weights given')
    expect(stdout).toMatch(/40 EUR +5 +100 %/)
  })

  it('names rows of the survey that cannot be used', async () => {
    const project = createProject({
      'venture.yaml': plan.replace('cash: ledger', 'cash: 50k EUR'),
      'survey.csv': 'price,buys\n40,yes\nforty,yes\n40,perhaps\n',
    })
    const { code, stderr } = await runCli(['assess', '--project', project])
    expect(code).toBe(2)
    expect(stderr).toContain('line 3: price must be a number')
    expect(stderr).toContain('line 4: buys must be yes or no')
  })
})

describe('the plans that are shown', () => {
  const facts = {
    ledger: { cash: 50_000, spendByLink: {}, revenue: 0, months: [], runCosts: 0 },
    models: [],
    runs: [],
    survey: undefined,
  }

  it('in docs/plan.md and in the example are valid', () => {
    const page = readFileSync(join(root, 'docs/plan.md'), 'utf8')
    const [, first] = /## A first plan\n```yaml\n([\s\S]*?)```/.exec(page) ?? []
    const example = readFileSync(join(root, 'examples/three-person-company/venture.yaml'), 'utf8')
    for (const text of [first ?? '', example])
      expect(compileVenture(parse(text), { facts, seed: 1, draws: 64 }).problems).toEqual([])
  })
})
