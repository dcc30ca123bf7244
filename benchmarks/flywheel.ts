/** Banking77's training questions as live traffic: from nothing, through the teacher, to the own model under its promise. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createRandom, shuffle } from '../src/base/index.ts'
import { formatMoney } from '../src/contracts/index.ts'
import { readExamples } from '../src/data/index.ts'
import { createPlatform, type Platform } from '../src/platform/index.ts'
import { atLeast, atMost, type Benchmark, type BenchmarkOptions, type BenchmarkResult } from './benchmark.ts'
import { drawTakeOver } from './draw-take-over.ts'

const target = 0.95
const pricePerCall = 0.002
/** The end of the stream by which what has been reached is judged. */
const lastRequests = 2000
const logEvery = 500
/** Intents that appear half-way in the shifted stream. */
const newIntents = 20
const foundWithin = 300

export type StreamedRequest = {
  /** The own model's answer went out. */
  own: boolean
  right: boolean
  /** Of an intent that appeared half-way. */
  isNew: boolean
}

type Streamed = {
  requests: StreamedRequest[]
  events: string[]
  closedAt: number | null
  /** Calls of the teacher before the last requests. */
  callsBefore: number
  platform: Platform
  folder: string
}

export const benchmark: Benchmark = {
  name: 'flywheel',
  description: `Banking77 as live traffic with a replay teacher, target ${target}; writes flywheel.svg`,
  async run(options) {
    const streamed = await stream(options, (texts) => texts, { examplesMin: 1000, growth: 1.4, epochs: 4, folds: 4 })
    try {
      return await report(options, streamed)
    } finally {
      await streamed.platform.close()
      await rm(streamed.folder, { recursive: true })
    }
  },
}

export const shifted: Benchmark = {
  name: 'flywheel-shift',
  description: `the same, where ${newIntents} of the 77 intents appear half-way`,
  async run(options) {
    const streamed = await stream(options, delayIntents, { examplesMin: 600, growth: 3, epochs: 3, folds: 2 })
    const { requests, closedAt } = streamed
    await streamed.platform.close()
    await rm(streamed.folder, { recursive: true })
    const shiftAt = requests.findIndex(({ isNew }) => isNew)
    const affected = requests.slice(shiftAt, closedAt ?? requests.length).filter(({ isNew }) => isNew).length
    const after = requests.slice(-lastRequests)
    return {
      values: {
        shiftAt,
        closedAt: closedAt ?? 'never',
        affectedUntilClosed: affected,
        agreementBefore: agreementOf(requests.slice(0, shiftAt)),
        agreementWhileUnnoticed: agreementOf(requests.slice(shiftAt, closedAt ?? requests.length)),
        agreementAtTheEnd: agreementOf(after),
        ownAtTheEnd: shareOwn(after),
        events: streamed.events.join('; '),
      },
      bars: [
        atMost(
          'affected requests until the gate closed',
          'requests',
          foundWithin,
          closedAt === null ? Infinity : affected,
        ),
        atLeast(`agreement of the own answers of the last ${lastRequests}`, '', target, agreementOf(after)),
      ],
    }
  },
}

type Text = { text: string; label: string; isNew: boolean }

/** All questions of some intents come in the second half, among the others. */
function delayIntents(texts: readonly Text[]): Text[] {
  const labels = [...new Set(texts.map(({ label }) => label))].sort()
  const late = new Set(shuffle(labels, createRandom(1, 'late-intents')).slice(0, newIntents))
  const known = texts.filter(({ label }) => !late.has(label))
  const half = known.slice(0, Math.floor(texts.length / 2))
  const rest = [
    ...known.slice(half.length),
    ...texts.filter(({ label }) => late.has(label)).map((text) => ({ ...text, isNew: true })),
  ]
  return [...half, ...shuffle(rest, createRandom(1, 'after-shift'))]
}

async function stream(
  { data, train, seeds, log }: BenchmarkOptions,
  arrange: (texts: Text[]) => readonly Text[],
  retraining: Record<string, number>,
): Promise<Streamed> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-flywheel-'))
  await writeFile(join(folder, 'capstan.yaml'), configOf(resolve(data, train), retraining))
  const { examples } = await readExamples({ path: join(data, train) })
  const texts = examples.flatMap(({ text, answer }) =>
    answer.kind === 'class' ? [{ text, label: answer.label, isNew: false }] : [],
  )
  const inOrder = arrange(shuffle(texts, createRandom(seeds, 'stream')))
  const platform = await createPlatform({ projectFolder: folder, random: createRandom(seeds, 'audits') })
  const requests: StreamedRequest[] = []
  const events: string[] = []
  let closedAt: number | null = null
  let [version, callsBefore] = [0, 0]
  for (const { text, label, isNew } of inOrder) {
    if (requests.length === inOrder.length - lastRequests) callsBefore = countCalls(await spentOnTeacher(platform))
    const { model, predictions } = await platform.answer('banking', [text])
    const [answer] = predictions
    const own = answer?.source === 'model'
    requests.push({ own, right: answer?.kind === 'classify' && answer.label === label, isNew })
    // Requests are taken to come slower than training: the next one finds the new version.
    await platform.idle()
    if (isNew && closedAt === null) {
      const { closedReason } = await platform.gateStatus('banking')
      if (closedReason !== null) closedAt = requests.length
    }
    if (model && model.version !== version) {
      version = model.version
      const { gate, examples: count } = await platform.gateStatus('banking')
      events.push(`${requests.length}: version ${version}, gate ${gate?.coverage.toFixed(2)}`)
      log(
        `request ${requests.length}: version ${version} of ${count} examples: ${(await platform.gateStatus('banking')).reason}`,
      )
    }
    if (requests.length % logEvery === 0) {
      const recent = requests.slice(-logEvery)
      log(`request ${requests.length}: own ${shareOwn(recent).toFixed(3)}, agreement ${agreementOf(recent).toFixed(4)}`)
    }
  }
  return { requests, events, closedAt, callsBefore, platform, folder }
}

function configOf(file: string, retraining: Record<string, number>): string {
  return JSON.stringify({
    tasks: {
      banking: {
        kind: 'classify',
        teacher: { type: 'replay', file, pricePerCall: { amount: String(pricePerCall), currency: 'USD' } },
        target: { agreement: target },
        retraining,
      },
    },
  })
}

async function report(
  { data, log }: BenchmarkOptions,
  { requests, platform, events, callsBefore }: Streamed,
): Promise<BenchmarkResult> {
  const spent = await spentOnTeacher(platform)
  const calls = countCalls(spent)
  const training = [...(await platform.listRunCosts()).values()].reduce((sum, { amountMicro }) => sum + amountMicro, 0n)
  await platform.books.meter()
  // But for the minute that is not over.
  const inference = { account: 'Expenses:Opt:Inference', commodity: 'USD' }
  const serving = (await platform.ledger.accountBalances(inference)).reduce((sum, one) => sum + one.amountMicro, 0n)
  const last = requests.slice(-lastRequests)
  const callsLast = calls - callsBefore
  const saved = BigInt(Math.round(requests.length * pricePerCall * 1e6)) - spent
  await writeFile('flywheel.svg', drawTakeOver(requests))
  log('The chart is in flywheel.svg')
  const { report: test } = await platform.evaluate({ task: 'banking', data: join(data, 'test.csv') })
  return {
    values: {
      requests: requests.length,
      ownShare: shareOwn(requests),
      ownShareLast: shareOwn(last),
      agreement: agreementOf(requests),
      agreementLast: agreementOf(last),
      teacherCalls: calls,
      teacherCallsLast: callsLast,
      spentOnTeacher: formatMoney({ amountMicro: spent, currency: 'USD' }),
      spentOnTraining: formatMoney({ amountMicro: training, currency: 'USD' }),
      spentOnServing: formatMoney({ amountMicro: serving, currency: 'USD' }),
      savedOnTeacher: formatMoney({ amountMicro: saved, currency: 'USD' }),
      testAccuracy: 'accuracy' in test ? test.accuracy : 'none',
      versions: events.join('; '),
    },
    bars: [
      atLeast('true agreement of the requests taken over', '', target, agreementOf(requests)),
      atLeast('teacher’s spend saved over the whole stream, audits counted', '', 0.6, 1 - calls / requests.length),
      atLeast(`the same over the last ${lastRequests} requests`, '', 0.8, 1 - callsLast / lastRequests),
    ],
  }
}

/** Answers and audits. */
async function spentOnTeacher(platform: Platform): Promise<bigint> {
  const { traffic } = await platform.gateStatus('banking')
  return traffic.reduce((sum, { cost }) => sum + (cost?.amountMicro ?? 0n), 0n)
}

function countCalls(spentMicro: bigint): number {
  return Math.round(Number(spentMicro) / (pricePerCall * 1e6))
}

function shareOwn(requests: readonly StreamedRequest[]): number {
  return requests.filter(({ own }) => own).length / Math.max(1, requests.length)
}

function agreementOf(requests: readonly StreamedRequest[]): number {
  const own = requests.filter(({ own }) => own)
  return own.filter(({ right }) => right).length / Math.max(1, own.length)
}
