/**
 * Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks"): one number T, fitted on examples that
 * training did not see, by which logits are divided before the softmax. It changes no answer, only how sure it looks.
 */
export type LogitRows = {
  /** Row after row, `width` numbers each. */
  logits: ArrayLike<number>
  /** The number of classes. */
  width: number
}

/** T stays within these: beyond them probabilities are flat, or 0 and 1, for any logits of this world. */
const temperatureMin = 0.02
const temperatureMax = 50
const stepsMax = 100

/**
 * The temperature with the smallest mean negative log-likelihood of the labels (class indexes, one per row), and that
 * likelihood with and without it. In 1/T the likelihood is convex: Newton's steps, halving the bracket where one leaves it.
 */
export function fitTemperature(
  rows: LogitRows,
  labels: ArrayLike<number>,
): { temperature: number; loss: number; lossBefore: number } {
  let low = 1 / temperatureMax
  let high = 1 / temperatureMin
  let inverse = 1
  for (let step = 0; step < stepsMax && high - low > 1e-12 * inverse; step++) {
    const { slope, curvature } = measureLoss(rows, labels, inverse)
    if (slope > 0) high = inverse
    else low = inverse
    const newton = inverse - slope / curvature
    const next = newton > low && newton < high ? newton : (low + high) / 2
    if (Math.abs(next - inverse) <= 1e-12 * inverse) break
    inverse = next
  }
  const { loss } = measureLoss(rows, labels, inverse)
  return { temperature: 1 / inverse, loss, lossBefore: measureLoss(rows, labels, 1).loss }
}

/** Probabilities of each row at the temperature, in the layout of the logits. */
export function applyTemperature({ logits, width }: LogitRows, temperature: number): Float64Array {
  const probabilities = new Float64Array(logits.length)
  for (let start = 0; start < logits.length; start += width) {
    fillSoftmax(logits, start, width, 1 / temperature, probabilities.subarray(start, start + width))
  }
  return probabilities
}

/** Logits that have these probabilities at temperature 1; zeros count as the smallest probability of float32. */
export function toLogits(probabilities: ArrayLike<number>): Float64Array {
  return Float64Array.from(probabilities, (probability) => Math.log(Math.max(probability, 1e-38)))
}

/** Each row's largest probability. */
export function confidencesOf(probabilities: ArrayLike<number>, width: number): Float64Array {
  const confidences = new Float64Array(probabilities.length / width)
  for (let i = 0; i < probabilities.length; i++) {
    const row = Math.floor(i / width)
    confidences[row] = Math.max(confidences[row] as number, probabilities[i] as number)
  }
  return confidences
}

/** Mean −ln p(label) at 1/T = `inverse`, with its first and second derivative in `inverse`. */
function measureLoss({ logits, width }: LogitRows, labels: ArrayLike<number>, inverse: number) {
  const row = new Float64Array(width)
  let [loss, slope, curvature] = [0, 0, 0]
  for (let i = 0; i < labels.length; i++) {
    const start = i * width
    const logNorm = fillSoftmax(logits, start, width, inverse, row)
    const labelLogit = logits[start + (labels[i] as number)] as number
    let [mean, square] = [0, 0]
    // Logits relative to the label's, so that large common offsets cancel before they are squared.
    for (let j = 0; j < width; j++) {
      const difference = (logits[start + j] as number) - labelLogit
      mean += (row[j] as number) * difference
      square += (row[j] as number) * difference * difference
    }
    loss += logNorm - inverse * labelLogit
    slope += mean
    curvature += square - mean * mean
  }
  return { loss: loss / labels.length, slope: slope / labels.length, curvature: curvature / labels.length }
}

/** Writes softmax(inverse · logits) of the row into `into`; returns the logarithm of its normaliser. */
function fillSoftmax(
  logits: ArrayLike<number>,
  start: number,
  width: number,
  inverse: number,
  into: Float64Array,
): number {
  let highest = Number.NEGATIVE_INFINITY
  for (let j = 0; j < width; j++) highest = Math.max(highest, inverse * (logits[start + j] as number))
  let sum = 0
  for (let j = 0; j < width; j++) {
    const value = Math.exp(inverse * (logits[start + j] as number) - highest)
    into[j] = value
    sum += value
  }
  for (let j = 0; j < width; j++) into[j] = (into[j] as number) / sum
  return highest + Math.log(sum)
}
