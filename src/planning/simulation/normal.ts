// The normal distribution. Quantile: M. J. Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37, 1988, exact to about
// 1e-16 relative. Distribution function: by the incomplete gamma function, Φ(-|z|) = Q(1/2, z²/2) / 2.
import { logUpperGamma, upperGamma } from './incomplete-gamma.ts'

const central = {
  over: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
    33430.57558358813, 2509.0809287301227,
  ],
  under: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
    28729.085735721943, 5226.495278852854,
  ],
}
const middle = {
  over: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
    0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  under: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
    0.0005475938084995345, 1.0507500716444169e-9,
  ],
}
const tail = {
  over: [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
    0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
  ],
  under: [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5,
    1.421511758316446e-7, 2.0442631033899397e-15,
  ],
}

/** The z below which a standard normal value falls with probability `u`, 0 < u < 1. */
export function normalQuantile(u: number): number {
  const q = u - 0.5
  if (Math.abs(q) <= 0.425) return q * ratio(central, 0.180625 - q * q)
  const r = Math.sqrt(-Math.log(q < 0 ? u : 1 - u))
  const z = r <= 5 ? ratio(middle, r - 1.6) : ratio(tail, r - 5)
  return q < 0 ? -z : z
}

export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)
}

/** The probability that a standard normal value is below `z`. */
export function normalCdf(z: number): number {
  const beyond = 0.5 * upperGamma(0.5, 0.5 * z * z)
  return z < 0 ? beyond : 1 - beyond
}

/** ln Φ(z), which stays finite where Φ(z) itself is 0. */
export function logNormalCdf(z: number): number {
  return z < 0 ? Math.log(0.5) + logUpperGamma(0.5, 0.5 * z * z) : Math.log(normalCdf(z))
}

function ratio({ over, under }: { over: number[]; under: number[] }, x: number): number {
  return polynomial(over, x) / polynomial(under, x)
}

function polynomial(coefficients: number[], x: number): number {
  let sum = 0
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + (coefficients[i] as number)
  return sum
}
