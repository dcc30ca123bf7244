/**
 * The x in [low, high] where a condition that is true below some point and false above it changes, to the last bit or
 * 2^-100 of the range. For functions that are cheap and monotone, and for which a root must not be missed.
 */
export function bisect(holds: (x: number) => boolean, low: number, high: number): number {
  let [inside, outside] = [low, high]
  for (let i = 0; i < 100; i++) {
    const middle = (inside + outside) / 2
    if (middle === inside || middle === outside) break
    if (holds(middle)) inside = middle
    else outside = middle
  }
  return (inside + outside) / 2
}
