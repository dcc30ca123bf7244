/**
 * −T · ln Σ exp(logit / T), the energy of each row of `width` logits (Liu et al. 2020, "Energy-based Out-of-distribution
 * Detection"): low where some class is sure, higher the farther a request is from all.
 */
export function energyScores(logits: ArrayLike<number>, width: number, temperature = 1): Float64Array {
  return Float64Array.from({ length: logits.length / width }, (_, row) => {
    let highest = Number.NEGATIVE_INFINITY
    for (let j = 0; j < width; j++) highest = Math.max(highest, logits[row * width + j] as number)
    let sum = 0
    for (let j = 0; j < width; j++) sum += Math.exp(((logits[row * width + j] as number) - highest) / temperature)
    return -(highest + temperature * Math.log(sum))
  })
}
