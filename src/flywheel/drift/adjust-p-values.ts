/** Holm (1979): p-values that stay valid for the family, whatever the dependence between the tests. In their order. */
export function adjustByHolm(pValues: readonly number[]): number[] {
  const order = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p)
  const adjusted = new Array<number>(pValues.length)
  let largest = 0
  order.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (pValues.length - rank)))
    adjusted[index] = largest
  })
  return adjusted
}

const firstLooks = 100

/**
 * By how much the p-values of a look (counted from 1) are multiplied, so that the chance of any false alarm over all looks
 * ever taken stays within the level: the first 100 looks share half of it, the next 200 a quarter, the next 400 an eighth.
 * A union bound, hence valid although all looks share one reference window and neighbouring recent windows overlap.
 */
export function factorOfLook(look: number): number {
  let [last, looks, factor] = [firstLooks, firstLooks, 2 * firstLooks]
  while (look > last) {
    looks *= 2
    last += looks
    factor *= 4
  }
  return factor
}
