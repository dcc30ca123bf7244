/** A forecast of 12 uncertain inputs, 60 months and 4,096 draws with tornado, EVPPI and experiments, in a process of its own. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Distribution, ForecastRequest } from '../src/planning/index.ts'
import { forecastVenture } from '../src/planning/index.ts'
import { atMost, type Benchmark, median, peakMemoryMib } from './benchmark.ts'

const rounds = 5

type Measured = {
  ms: number[]
  cpuMs: number[]
  memoryMib: number
  startMemoryMib: number
  inputs: number
  chosen: string
}

export const benchmark: Benchmark = {
  name: 'forecast',
  description:
    'a plan of 12 inputs, 60 months and 4,096 draws, four scenarios, with tornado, EVPPI and the next experiment',
  async run({ log }) {
    log(`${rounds} forecasts in a fresh process`)
    const { ms, cpuMs, ...measured } = await measureInProcess()
    const best = Math.min(...ms)
    return {
      values: {
        firstMs: ms[0] as number,
        bestMs: best,
        medianMs: median(ms),
        bestCpuMs: Math.min(...cpuMs),
        medianCpuMs: median(cpuMs),
        ...measured,
      },
      bars: [
        atMost('a forecast, the first of its process', 's', 2, (ms[0] as number) / 1000),
        atMost('a forecast, median', 's', 2, median(ms) / 1000),
        atMost('largest resident memory of the process', 'MiB', 300, measured.memoryMib),
      ],
    }
  },
}

function measureInProcess(): Promise<Measured> {
  const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, CAPSTAN_BENCH_FORECAST: '1' } })
  return new Promise((resolve, reject) => {
    child.on('message', (measured) => resolve(measured as Measured))
    child.on('exit', (code) => reject(new Error(`the forecast ended with code ${code}`)))
  })
}

const spread = (p10: number, p90: number): Distribution => ({ kind: 'lognormal', p10, p90 })
const distributions: Record<string, Distribution> = {
  labels: spread(2000, 8000),
  accuracy: { kind: 'beta', alpha: 90, beta: 10 },
  trainingCost: { kind: 'gamma', shape: 9, scale: 150 },
  inferenceCost: spread(1, 4),
  reachAds: spread(60, 220),
  reachPartners: spread(20, 90),
  halfSpend: spread(4000, 16_000),
  churn: spread(0.4, 1.4),
  price: { kind: 'pert', low: 60, mode: 110, high: 220 },
  wages: { kind: 'triangular', low: 28_000, mode: 34_000, high: 48_000 },
  growth: { kind: 'normal', mean: 0.03, sd: 0.01 },
  expansion: { kind: 'uniform', low: 0, high: 0.015 },
}

/** A company with two segments, six channels and costs on each link, with the 12 uncertain inputs. */
function createRequest(): ForecastRequest {
  const evidence = { grade: 'assumption' as const, date: '2026-11-01' }
  const paid = (usersMax: string, spendPerMonth: number) => ({
    kind: 'paid' as const,
    link: 'User' as const,
    spendPerMonth,
    usersMax,
    halfSpend: 'halfSpend',
    shape: 1.4,
    factors: ['accuracy'],
  })
  const segment = (scale: number) => ({
    usersAtStart: 60 * scale,
    retention: { alpha: 'churn', beta: 14 },
    revenuePerUser: 'price',
    expansionPerMonth: 'expansion',
    factors: ['accuracy'],
    costPerUser: 'inferenceCost',
    channels: {
      organic: { kind: 'steady' as const, usersPerMonth: 5 * scale, growthPerMonth: 'growth' },
      ads: paid('reachAds', 6000 * scale),
      partners: paid('reachPartners', 3000 * scale),
    },
  })
  return {
    seed: 1,
    plan: {
      months: 60,
      cashAtStart: 900_000,
      discountPerYear: 0.15,
      exitMultiple: 2,
      segments: { teams: segment(1), firms: segment(0.4) },
      costs: {
        labels: { link: 'Data', perMonth: 'labels', growthPerMonth: 0.01 },
        training: { link: 'Model', perMonth: 'trainingCost' },
        market: { link: 'Market', perMonth: 4000 },
        team: { link: 'Team', perMonth: 'wages', growthPerMonth: 0.003 },
        hires: { link: 'Team', perMonth: 15_000, fromMonth: 12, hope: true },
        office: { link: 'Opt', perMonth: 3000 },
      },
      financing: { seed: { month: 9, amount: 1_500_000, hope: true } },
    },
    scenarios: {
      'more ads': { segments: { teams: { channels: { ads: { spendPerMonth: 18_000 } } } } },
      'no ads': { segments: { teams: { channels: { ads: null } } } },
      'no hires': { costs: { hires: null } },
    },
    inputs: Object.fromEntries(
      Object.entries(distributions).map(([name, distribution]) => [name, { distribution, evidence }]),
    ),
    correlations: [
      { between: ['price', 'churn'], value: 0.4 },
      { between: ['reachAds', 'reachPartners'], value: 0.5 },
    ],
    experiments: {
      survey: { input: 'price', observationSd: 40, fixedCost: 500, costPerObservation: 25, observationsMax: 400 },
      'test campaign': {
        input: 'reachAds',
        observationSd: 80,
        fixedCost: 0,
        costPerObservation: 2000,
        observationsMax: 12,
      },
    },
  }
}

if (process.env.CAPSTAN_BENCH_FORECAST && process.send) {
  const request = createRequest()
  const startMemoryMib = peakMemoryMib()
  const ms: number[] = []
  // What the forecast itself costs, also where neighbours have the cores.
  const cpuMs: number[] = []
  let chosen = ''
  for (let round = 0; round < rounds; round++) {
    const [started, cpu] = [performance.now(), process.cpuUsage()]
    chosen = forecastVenture(request).chosen
    ms.push(performance.now() - started)
    const { user, system } = process.cpuUsage(cpu)
    cpuMs.push((user + system) / 1000)
  }
  const inputs = Object.keys(request.inputs).length
  process.send({ ms, cpuMs, memoryMib: peakMemoryMib(), startMemoryMib, inputs, chosen } satisfies Measured)
  process.disconnect()
}
