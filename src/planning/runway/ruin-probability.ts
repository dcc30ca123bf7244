/** The probability that cash which drifts and swings has run out: in closed form, watched at every moment, and simulated at month ends. */
import { checkNumbers } from '../check-numbers.ts'
import { drawsDefault, drawUniforms } from '../simulation/draw-inputs.ts'
import { logNormalCdf, normalCdf, normalQuantile } from '../simulation/normal.ts'

/** Cash, and how a month moves it. */
export type CashRisk = {
  cash: number
  /** Mean loss of a month; negative where the mean month earns. */
  burn: number
  /** Standard deviation of a month's result. */
  sd: number
}

/**
 * P(cash reaches 0 within `months`), as a diffusion (inverse Gaussian first passage). Watched at every moment, it is above
 * what month-end balances show: Φ((μt - X)/(σ√t)) + e^(2μX/σ²)·Φ(-(X + μt)/(σ√t)), X the cash, μ the burn.
 */
export function ruinByDiffusion(risk: CashRisk, months: number): number {
  checkRisk(risk)
  checkNumbers('the ruin probability', { months: [months, 'positive'], sd: [risk.sd, 'positive'] })
  const { cash, burn, sd } = risk
  const spread = sd * Math.sqrt(months)
  const crossed = Math.exp((2 * burn * cash) / sd ** 2 + logNormalCdf(-(cash + burn * months) / spread))
  return Math.min(1, normalCdf((burn * months - cash) / spread) + crossed)
}

/** P(cash was below the buffer at the end of a month up to t), index t - 1, with normal monthly results. */
export function ruinAtMonthEnds(
  risk: CashRisk,
  options: { months: number; seed: number; draws?: number; buffer?: number },
): { probability: Float64Array; standardError: Float64Array } {
  const { months, seed, draws = drawsDefault, buffer = 0 } = options
  checkRisk(risk)
  checkNumbers('the ruin probability', {
    months: [months, 'a whole number above 0'],
    draws: [draws, 'a whole number above 0'],
  })
  const held = new Float64Array(draws).fill(risk.cash)
  const ruined = new Uint8Array(draws)
  let count = 0
  const probability = Float64Array.from({ length: months }, (_, month) => {
    const uniforms = drawUniforms(seed, `result of month ${month}`, draws)
    for (let s = 0; s < draws; s++) {
      const after = (held[s] as number) - risk.burn + risk.sd * normalQuantile(uniforms[s] as number)
      held[s] = after
      if (after >= buffer || ruined[s]) continue
      ruined[s] = 1
      count++
    }
    return count / draws
  })
  return { probability, standardError: probability.map((p) => Math.sqrt((p * (1 - p)) / draws)) }
}

function checkRisk({ cash, burn, sd }: CashRisk): void {
  checkNumbers('the ruin probability', { cash: [cash, 'at least 0'], burn: [burn, 'finite'], sd: [sd, 'at least 0'] })
}
