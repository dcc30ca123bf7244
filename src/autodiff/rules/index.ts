import { attentions } from '../expansions/attention.ts'
import { fused } from '../expansions/fused.ts'
import { losses } from '../expansions/losses.ts'
import { normalizations } from '../expansions/normalizations.ts'
import { recurrent } from '../expansions/recurrent.ts'
import { resampling } from '../expansions/resampling.ts'
import { rotary } from '../expansions/rotary.ts'
import { activations } from './activations.ts'
import { convolutions } from './convolution.ts'
import { contraction } from './einsum.ts'
import { elementwise } from './elementwise.ts'
import { indexing } from './indexing.ts'
import { linalg } from './linalg.ts'
import { movement } from './movement.ts'
import { normalization } from './normalization.ts'
import { pools } from './pooling.ts'
import { quantized } from './quantized.ts'
import { reductions } from './reduction.ts'

/** Every operator that the walk knows: ONNX op type (with its domain, where not the standard one) → rule. */
export const rules = {
  ...activations,
  ...attentions,
  ...contraction,
  ...convolutions,
  ...elementwise,
  ...fused,
  ...indexing,
  ...linalg,
  ...losses,
  ...movement,
  ...normalization,
  ...normalizations,
  ...pools,
  ...reductions,
  ...resampling,
  ...quantized,
  ...recurrent,
  ...reductions,
  ...rotary,
}
