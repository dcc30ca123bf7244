import { z } from 'zod'

const bytesPer = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const

/** A size as people write it, "4GiB" or "512 MiB"; read as bytes. */
export const byteSizeSchema = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,3})? ?[KMGT]iB$/, 'must be a size such as 512MiB or 4GiB')
  .transform((text) => Math.round(Number.parseFloat(text) * bytesPer[text.slice(-3) as keyof typeof bytesPer]))
