/** Wilson (1927): the interval of a proportion that stays inside [0, 1] and holds its level for small counts. */
export function wilsonInterval(successes: number, count: number, z = 1.959963984540054): [number, number] {
  if (count === 0) return [0, 1]
  const p = successes / count
  const centre = (p + (z * z) / (2 * count)) / (1 + (z * z) / count)
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count))
  return [successes === 0 ? 0 : centre - half, successes === count ? 1 : centre + half]
}
