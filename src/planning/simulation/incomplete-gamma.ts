// The gamma function and its incomplete forms: by series below a + 1, by continued fraction (modified Lentz) above.
// Sources: DLMF 8.7 and 8.9; Numerical Recipes, 3rd ed., 6.2.

const lanczos = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
]

/** ln Γ(x) for x > 0 (Lanczos, g = 7). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  let sum = lanczos[0] as number
  for (let i = 1; i < lanczos.length; i++) sum += (lanczos[i] as number) / (x - 1 + i)
  const t = x + 6.5
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}

/** P(a, x): the probability that a gamma value of shape `a` and scale 1 is below `x`. */
export function lowerGamma(a: number, x: number): number {
  if (x <= 0) return 0
  return x < a + 1 ? Math.exp(logPrefix(a, x)) * series(a, x) : 1 - Math.exp(logPrefix(a, x)) * fraction(a, x)
}

/** Q(a, x) = 1 - P(a, x), with its own precision where it is small. */
export function upperGamma(a: number, x: number): number {
  return Math.exp(logUpperGamma(a, x))
}

export function logUpperGamma(a: number, x: number): number {
  if (x <= 0) return 0
  return x < a + 1 ? Math.log1p(-Math.exp(logPrefix(a, x)) * series(a, x)) : logPrefix(a, x) + Math.log(fraction(a, x))
}

/** ln of x^a e^-x / Γ(a). */
function logPrefix(a: number, x: number): number {
  return a * Math.log(x) - x - logGamma(a)
}

function series(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let n = a + 1; term > sum * 1e-17; n++) {
    term *= x / n
    sum += term
  }
  return sum
}

function fraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = 1e300
  let d = 1 / b
  let product = d
  for (let i = 1; i < 100_000; i++) {
    const factor = -i * (i - a)
    b += 2
    d = 1 / (factor * d + b)
    c = b + factor / c
    const change = c * d
    product *= change
    if (Math.abs(change - 1) < 1e-16) break
  }
  return product
}
