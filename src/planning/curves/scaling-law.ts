/**
 * Loss against model size and data together: L = E + A/N^α + B/D^β, with parameters N and tokens D (Hoffmann et al., 2022,
 * as corrected by Besiroglu et al., 2024).
 */
import { InvalidInputError } from '../../base/index.ts'
import { normalMatrix, solveSymmetric } from './least-squares.ts'
import { minimizeSmooth } from './minimize.ts'

export type ScalingLaw = { e: number; a: number; b: number; alpha: number; beta: number }
export type ScalingObservation = { parameters: number; tokens: number; loss: number }

/** Residuals of ln L above this weigh by their size, not its square. */
const huberDelta = 1e-3
/** Starts from which the descent goes on: the best of the grid. */
const starts = 24

export function scalingLossAt({ e, a, b, alpha, beta }: ScalingLaw, parameters: number, tokens: number): number {
  return e + a / parameters ** alpha + b / tokens ** beta
}

/**
 * Model and data that get the lowest loss out of `compute` floating-point operations, with C = 6·N·D:
 * N = G·(C/6)^(β/(α+β)), G = (α·A/(β·B))^(1/(α+β)). Rounded constants move D/N by factors: keep all digits.
 */
export function splitCompute(law: ScalingLaw, compute: number): { parameters: number; tokens: number } {
  const { a, b, alpha, beta } = law
  const parameters = ((alpha * a) / (beta * b)) ** (1 / (alpha + beta)) * (compute / 6) ** (beta / (alpha + beta))
  return { parameters, tokens: compute / (6 * parameters) }
}

/**
 * Fits the law by the sum (not the mean: it stops the descent early) of Huber losses of ln L. `objective` is that sum.
 * The five constants need runs that vary model and data apart. Throws `planning.bad-observations`.
 */
export function fitScalingLaw(observations: readonly ScalingObservation[]): { law: ScalingLaw; objective: number } {
  checkObservations(observations)
  const points = observations.map(({ parameters, tokens, loss }) => ({
    logN: Math.log(parameters),
    logD: Math.log(tokens),
    logL: Math.log(loss),
  }))
  const evaluate = (x: readonly number[]) => evaluateHuber(points, x)
  const grid = findStarts(points).map((x) => ({ x, value: evaluate(x).value }))
  const best = grid
    .sort((one, other) => one.value - other.value)
    .slice(0, starts)
    .map(({ x }) => minimizeSmooth(evaluate, x))
    .reduce((one, other) => (other.value < one.value ? other : one))
  const [e, a, b, alpha, beta] = best.x as [number, number, number, number, number]
  return { law: { e: Math.exp(e), a: Math.exp(a), b: Math.exp(b), alpha, beta }, objective: best.value }
}

type LogPoint = { logN: number; logD: number; logL: number }

/** Sum of Huber losses over x = (ln E, ln A, ln B, α, β), with its gradient. */
function evaluateHuber(points: readonly LogPoint[], x: readonly number[]) {
  const [e, a, b, alpha, beta] = x as [number, number, number, number, number]
  let value = 0
  const gradient = [0, 0, 0, 0, 0]
  for (const { logN, logD, logL } of points) {
    const terms = [Math.exp(e), Math.exp(a - alpha * logN), Math.exp(b - beta * logD)] as [number, number, number]
    const loss = terms[0] + terms[1] + terms[2]
    const residual = Math.log(loss) - logL
    const size = Math.abs(residual)
    value += size <= huberDelta ? residual ** 2 / 2 : huberDelta * (size - huberDelta / 2)
    const push = Math.max(-huberDelta, Math.min(huberDelta, residual)) / loss
    const parts = [terms[0], terms[1], terms[2], -terms[1] * logN, -terms[2] * logD]
    for (let i = 0; i < 5; i++) gradient[i] = (gradient[i] as number) + push * (parts[i] as number)
  }
  return { value, gradient }
}

/** For each pair of exponents E, A and B are linear least squares of L, weighed by 1/L² as the logarithm does. */
function findStarts(points: readonly LogPoint[]): number[][] {
  const exponents = Array.from({ length: 16 }, (_, i) => 0.05 * 1.25 ** i)
  const weights = points.map(({ logL }) => Math.exp(-2 * logL))
  return exponents.flatMap((alpha) =>
    exponents.flatMap((beta) => {
      const rows = points.map(({ logN, logD }) => [1, Math.exp(-alpha * logN), Math.exp(-beta * logD)])
      const right = [0, 1, 2].map((i) =>
        rows.reduce(
          (sum, row, k) => sum + (weights[k] as number) * (row[i] as number) * Math.exp(points[k]?.logL ?? 0),
          0,
        ),
      )
      const solved = solveSymmetric(normalMatrix(rows, weights), right)
      if (solved === undefined || solved.some((value) => !(value > 0))) return []
      return [[...solved.map(Math.log), alpha, beta]]
    }),
  )
}

function checkObservations(observations: readonly ScalingObservation[]): void {
  const wrong = observations.findIndex((run) => !(run.parameters >= 1 && run.tokens >= 1 && run.loss > 0))
  const sizes = new Set(observations.map(({ parameters }) => parameters)).size
  const data = new Set(observations.map(({ tokens }) => tokens)).size
  if (wrong < 0 && observations.length >= 6 && sizes >= 3 && data >= 3) return
  const found =
    wrong < 0 ? `${observations.length} runs, ${sizes} sizes of model and ${data} of data` : `run ${wrong + 1}`
  throw new InvalidInputError('planning.bad-observations', `No scaling law can be fitted to ${found}.`, {
    hint: 'Give at least 6 runs over 3 sizes of model and 3 of data, each with a loss above 0.',
  })
}
