import { z } from 'zod'

/** The files of a separate adapter, in place of a model's graph. */
export const adapterFiles = { config: 'adapter_config.json', tensors: 'adapter_model.safetensors' }

/** Where a base model is found again: without a name (bundled), by its folder, or by its id and commit on a hub. */
export const baseReferenceSchema = z.object({
  name: z.string(),
  source: z.enum(['bundled', 'folder', 'hub']),
  /** What to ask for; null for the bundled one. */
  spec: z.string().nullable(),
  sha256: z.string(),
})

/**
 * `adapter_config.json` of a separate adapter, beside `adapter_model.safetensors`: what PEFT
 * (https://huggingface.co/docs/peft) writes, and under `capstan` what it takes to put the adapter on an ONNX graph.
 */
export const adapterConfigSchema = z
  .object({
    peft_type: z.literal('LORA'),
    task_type: z.string(),
    base_model_name_or_path: z.string(),
    r: z.int().positive(),
    lora_alpha: z.number(),
    lora_dropout: z.number(),
    bias: z.literal('none'),
    fan_in_fan_out: z.literal(false),
    inference_mode: z.literal(true),
    /** Paths of the adapted layers. */
    target_modules: z.array(z.string()),
    modules_to_save: z.array(z.string()),
    capstan: z.object({
      base: baseReferenceSchema,
      head: z.object({
        form: z.enum(['cosine', 'linear', 'ordinal', 'embedding', 'tokens']),
        pooling: z.enum(['mean', 'cls']),
      }),
      /** The adapted weights of the base's graph, in the order of target_modules; transposed: stored as [outputs, inputs]. */
      weights: z.array(z.object({ name: z.string(), isTransposed: z.boolean() })),
    }),
  })
  .refine(({ target_modules, capstan }) => target_modules.length === capstan.weights.length)

export type BaseReference = z.output<typeof baseReferenceSchema>
export type AdapterConfig = z.output<typeof adapterConfigSchema>
