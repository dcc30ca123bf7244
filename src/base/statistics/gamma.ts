const precision = 1e-16
const tiny = 1e-300

/** Lanczos (1964), g = 7, with the nine coefficients of Godfrey (2001): about 1e-15 relative. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(x) for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const shifted = x - 1
  let sum = lanczos[0] as number
  for (let i = 1; i < lanczos.length; i++) sum += (lanczos[i] as number) / (shifted + i)
  const base = shifted + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum)
}

/**
 * Q(a, x) = Γ(a, x) / Γ(a), the regularised upper incomplete gamma function, for a > 0 and x ≥ 0: by its series below
 * a + 1, by its continued fraction (modified Lentz) above, as DLMF 8.11.4 and 8.9.2 have them.
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1
  const factor = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let term = 1 / a
    let sum = term
    for (let n = 1; Math.abs(term) > Math.abs(sum) * precision; n++) {
      term *= x / (a + n)
      sum += term
    }
    return Math.max(0, 1 - factor * sum)
  }
  return factor * continuedFraction(x + 1 - a, (i) => ({ a: -i * (i - a), b: x + 2 * i + 1 - a }))
}

/** 1 / (b0 + a1 / (b1 + a2 / (b2 + …))) by the modified algorithm of Lentz (Thompson and Barnett 1986). */
export function continuedFraction(b0: number, term: (i: number) => { a: number; b: number }): number {
  let d = 1 / (b0 || tiny)
  let c = 1 / tiny
  let result = d
  for (let i = 1; i < 100_000; i++) {
    const { a, b } = term(i)
    d = 1 / (a * d + b || tiny)
    c = b + a / c || tiny
    result *= c * d
    if (Math.abs(c * d - 1) < 2 * Number.EPSILON) break
  }
  return result
}
