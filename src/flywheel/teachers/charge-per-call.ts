import { parseAmountMicro, type TeacherConfigOf } from '../../contracts/index.ts'
import type { Provenance, Teacher } from './teacher.ts'

/** A teacher that charges the same for each answer: its price, and what it therefore tells of itself. */
export function chargePerCall(
  teacher: 'http' | 'human' | 'replay',
  { pricePerCall }: Pick<TeacherConfigOf<'http'>, 'pricePerCall'>,
): { priceMicro: bigint; provenance: Provenance; about: Omit<Teacher, 'ask'> } {
  const priceMicro = parseAmountMicro(pricePerCall.amount)
  const provenance = { teacher, model: null, promptVersion: null }
  return {
    priceMicro,
    provenance,
    about: { provenance, currency: pricePerCall.currency, costMicroMax: () => priceMicro },
  }
}
