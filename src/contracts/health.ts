import { z } from 'zod'

/** Reply of /healthz: the process answers. */
export const healthSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health' })

/** Reply of /readyz: models are loaded and new requests are welcome. Anything else is a problem with status 503. */
export const readinessSchema = z.object({ status: z.literal('ready') }).meta({ id: 'Readiness' })

export type Health = z.infer<typeof healthSchema>
export type Readiness = z.infer<typeof readinessSchema>
