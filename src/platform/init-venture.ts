/** A first plan file: a few answers, and what the books have, in a text that explains itself. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { ConflictError, InvalidInputError } from '../base/index.ts'
import { type PlanLink, planLinkSchema } from '../contracts/index.ts'
import { compileVenture, type PlanFacts } from '../planning/index.ts'
import type { PlatformContext } from './create-platform.ts'
import { listLines, locateProblems, readYaml } from './read-yaml.ts'
import { readFacts } from './venture-facts.ts'

export type InitVentureRequest = {
  /** Path of the file to write. */
  file: string
  currency?: string | undefined
  /** Asks a person; without it every answer is its default. */
  ask?: ((question: { text: string; default: string }) => Promise<string>) | undefined
}

type Answers = Record<'venture' | 'what' | 'currency' | 'cash' | 'users' | 'price' | 'churn' | 'newUsers', string>

/** Where the books have nothing: a round number that has to be replaced. */
const costDefaults: Readonly<Record<PlanLink, number>> = {
  Data: 300,
  Model: 200,
  Market: 1000,
  Team: 4000,
  User: 300,
  Opt: 200,
}

/**
 * Writes a plan that can be computed as it stands. Throws ConflictError `venture.exists`, and InvalidInputError
 * `venture.invalid` where an answer cannot stand in a plan.
 */
export async function initVenture(
  context: PlatformContext,
  { file, currency, ask }: InitVentureRequest,
): Promise<string> {
  const path = resolve(file)
  if (existsSync(path)) {
    throw new ConflictError('venture.exists', `There is a plan at ${path} already.`, {
      hint: 'Change it, or name another file with --plan.',
    })
  }
  const date = context.clock.now().toISOString().slice(0, 10)
  const answer = async (text: string, otherwise: string) =>
    (await ask?.({ text, default: otherwise }))?.trim() || otherwise
  const chosen = currency ?? (await answer('Currency of the plan', await currencyOfBooks(context)))
  const facts = await readFacts(context, {
    date,
    currency: chosen,
    tasks: undefined,
    task: undefined,
    survey: undefined,
  })
  const isBooked = facts.ledger?.cash !== undefined
  const answers: Answers = {
    venture: await answer('Name of the venture', basename(dirname(path)) || 'venture'),
    what: await answer('What it does, in one sentence', 'What we do, for whom, and why they pay for it.'),
    currency: chosen,
    cash: await answer(
      isBooked ? `Cash today (ledger: ${facts.ledger?.cash} ${chosen})` : 'Cash today',
      isBooked ? 'ledger' : `50k ${chosen}`,
    ),
    users: await answer('Paying users today', '10'),
    price: await answer('What a user pays a month', `50 ${chosen}/user/month`),
    churn: await answer('Share of users who leave in a month', '5 %/month'),
    newUsers: await answer('New paying users a month', '4 users/month'),
  }
  const text = writePlanText(answers, { date, facts })
  checkText(path, text, facts)
  await writeFile(path, text)
  return path
}

/** The one currency that cash is held in, where there is one. */
async function currencyOfBooks({ ledger }: PlatformContext): Promise<string> {
  const held = (await ledger.accountBalances({ account: 'Assets:Cash' })).map(({ commodity }) => commodity)
  return held.length === 1 ? String(held[0]) : 'EUR'
}

function checkText(path: string, text: string, facts: PlanFacts): void {
  const yaml = readYaml(text)
  const problems =
    'problems' in yaml
      ? yaml.problems
      : locateProblems(yaml, compileVenture(yaml.data, { facts, seed: 1, draws: 64 }).problems)
  if (problems.length === 0) return
  throw new InvalidInputError('venture.invalid', `The answers make no valid plan for ${path}:${listLines(problems)}`, {
    hint: 'Write amounts such as 400k EUR, shares such as 4 %/month, or distributions such as uniform(2 %, 6 %)/month.',
    details: { path, problems },
  })
}

function writePlanText(answers: Answers, { date, facts }: { date: string; facts: PlanFacts }): string {
  const { currency } = answers
  const costs = planLinkSchema.options.flatMap((link) => describeCost(link, currency, facts))
  const today = `${costs.map(({ link, line }) => `  ${link.toLowerCase()}: ${line}`).join('\n')}`
  return `# A plan that capstan computes: capstan plan. Every part is explained in docs/plan.md.
#
# Numbers may be certain (400k ${currency}) or not: normal(10, 2), uniform(1, 4), lognormal p10=3 p90=12, triangular(1, 2, 5).
# Units may stand behind them: ${currency}, ${currency}/month, ${currency}/user/month, users/month, %, %/month, months.
venture: ${quote(answers.venture)}
what: ${quote(answers.what)}
date: ${date}          # month 0 of the plan is the month of this day
currency: ${currency}
months: 36
discount: 10 %/year       # what a year of waiting costs you
cash: ${answers.cash}              # "ledger": the balance of Assets:Cash on the date above
buffer: 0 ${currency}             # below this much cash you count as ruined

# What you do not know for certain. Grades of evidence: measured, quoted (somebody told you), benchmark, assumption.
# A plain number is a certain one: write a distribution as soon as you can say how wrong it may be.
assumptions:
  price: { value: ${quote(answers.price)}, evidence: assumption }
  churn: { value: ${quote(answers.churn)}, evidence: assumption }
  new_users: { value: ${quote(answers.newUsers)}, evidence: assumption }

# Users who are alike in price and loyalty, and where new ones come from.
segments:
  customers:
    users: ${answers.users}
    price: price
    churn: churn
    cost: 1 ${currency}/user/month     # inference, support, payment: what serving one user costs
    channels:
      organic: { newUsers: new_users, growth: "normal(2, 1) %/month" }
      # A channel that is paid for: usersMax·x/(halfSpend + x) users for a spend of x a month.
      # ads: { spend: 2k ${currency}/month, usersMax: 30 users/month, halfSpend: 3k ${currency}/month }

# What you spend, by the six links Data, Model, Market, Team, User and Opt. "hope: true" is planned, not decided.
costs:
${today}

# Money that comes in: { month: 3, amount: 50k ${currency}, hope: true }
financing: {}

# What spending on each link does over the whole plan: half of its effect comes with the spend "half"; "floor" is the share
# of its effect that is there without any spend. Left out, today's spend is what the costs above add up to.
allocation:
  links:
${costs.map(({ link, total }) => `    ${link}: { curve: hill half=${roundUp(total / 2)}, floor: ${floors[link]} }`).join('\n')}

# People who may be hired: what one adds to each link, as a share of gross profit.
# team:
#   engineer: { kind: staff, monthly: 6k ${currency}/month, link: Model, max: 2, effects: { Model: 15 % } }

# Who owns the company, and the round that is planned.
# equity:
#   holdings: { Founder: { shares: 900k }, pool: { kind: unissued, shares: 100k } }
#   round: { month: 12, preMoney: 3M ${currency}, investors: { Fund: 500k ${currency} }, pool: { target: 10 % } }

# Changes to the plan above, under a name: capstan plan --scenario careful
scenarios:
  careful:
    assumptions: { new_users: { value: 2 users/month } }
`
}

/** Shares of effect without spending, to be replaced by what you know. */
const floors: Readonly<Record<PlanLink, string>> = {
  Data: '50 %',
  Model: '50 %',
  Market: '30 %',
  Team: '20 %',
  User: '50 %',
  Opt: '70 %',
}

/** What a link costs a month: booked, or a default. */
function describeCost(link: PlanLink, currency: string, { ledger }: PlanFacts) {
  const booked = ledger?.spendByLink[link]
  const months = ledger?.months.length ?? 0
  const monthly = booked !== undefined && months > 0 ? Math.round(booked / months) : costDefaults[link]
  const comment =
    booked !== undefined && months > 0
      ? `# ledger: ${booked} ${currency} in ${months} months`
      : '# nothing is booked: a guess'
  const line = `{ link: ${link}, monthly: ${monthly} ${currency}/month }   ${comment}`
  return [{ link, line, total: 36 * Math.max(1, monthly) }]
}

function roundUp(value: number): number {
  const step = 10 ** Math.floor(Math.log10(Math.max(10, value)))
  return Math.ceil(value / step) * step
}

/** As YAML, which takes JSON's strings. */
function quote(text: string): string {
  return JSON.stringify(text)
}
