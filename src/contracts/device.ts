import { z } from 'zod'

/** Where a graph runs: an execution provider of ONNX Runtime. */
export const deviceSchema = z.enum(['cpu', 'cuda', 'webgpu', 'dml', 'coreml'])

/** Whether this installation can run graphs on a device; where it cannot, why, and the next step. */
export const deviceStatusSchema = z.object({
  device: deviceSchema,
  usable: z.boolean(),
  reason: z.string().nullable(),
  hint: z.string().nullable(),
})

export type Device = z.infer<typeof deviceSchema>
export type DeviceStatus = z.infer<typeof deviceStatusSchema>
