/**
 * The operators of the standard domain by the opset that introduced each, and those of com.microsoft that published
 * models hold. Sources: https://github.com/onnx/onnx/blob/main/docs/Operators.md and
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md. A test asks the runtime about each.
 */

/** Before it, arithmetic did not broadcast. */
export const oldestOpset = 7
/** The newest opset that the table covers. */
export const newestOpset = 24

// LayerNormalization, MeanVarianceNormalization, SimplifiedLayerNormalization and ThresholdedRelu are older in the
// runtime than in the specification, and models that the runtime has optimised make use of that.
const introduced: Readonly<Record<number, string>> = {
  1: `
    Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast Ceil Clip Concat Constant Conv ConvTranspose
    DepthToSpace Div Dropout Elu Equal Exp Flatten Floor GRU Gather Gemm GlobalAveragePool GlobalLpPool
    GlobalMaxPool Greater HardSigmoid Hardmax Identity If InstanceNormalization LRN LSTM LayerNormalization
    LeakyRelu Less Log LogSoftmax Loop LpNormalization LpPool MatMul Max MaxPool MaxRoiPool Mean
    MeanVarianceNormalization Min Mul Neg Not Or PRelu Pad Pow RNN RandomNormal RandomNormalLike RandomUniform
    RandomUniformLike Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare Relu Reshape Selu Shape Sigmoid SimplifiedLayerNormalization Size Slice
    Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh ThresholdedRelu Tile TopK Transpose
    Unsqueeze Xor`,
  7: `
    Acos Asin Atan Cos Multinomial Sin Tan Upsample`,
  8: `
    Expand Scan`,
  9: `
    Acosh Asinh Atanh Compress ConstantOfShape Cosh Erf EyeLike IsNaN MaxUnpool NonZero OneHot Scatter Shrink
    Sign Sinh TfIdfVectorizer Where`,
  10: `
    ConvInteger DequantizeLinear IsInf MatMulInteger Mod NonMaxSuppression QLinearConv QLinearMatMul
    QuantizeLinear Resize ReverseSequence RoiAlign StringNormalizer`,
  11: `
    BitShift ConcatFromSequence CumSum Det DynamicQuantizeLinear GatherElements GatherND Range Round
    ScatterElements ScatterND SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert
    SequenceLength SplitToSequence Unique`,
  12: `
    Celu Einsum GreaterOrEqual LessOrEqual NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss`,
  14: `
    HardSwish Trilu`,
  15: `
    Bernoulli CastLike Optional OptionalGetElement OptionalHasElement`,
  16: `
    GridSample`,
  17: `
    BlackmanWindow DFT HammingWindow HannWindow MelWeightMatrix STFT SequenceMap`,
  18: `
    BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CenterCropPad Col2Im GroupNormalization Mish`,
  19: `
    DeformConv`,
  20: `
    AffineGrid Gelu ImageDecoder RegexFullMatch StringConcat StringSplit`,
  23: `
    Attention RMSNormalization RotaryEmbedding`,
  24: `
    Swish TensorScatter`,
}

/** The last opset of operators that were taken out. */
const lastOpsets: Readonly<Record<string, number>> = { Scatter: 10, Upsample: 9 }

/** Standard operator → its first opset, and its last (infinite while it stays). */
export const standardOperators: ReadonlyMap<string, readonly [since: number, last: number]> = new Map(
  Object.entries(introduced).flatMap(([since, operators]) =>
    words(operators).map((operator) => [operator, [Number(since), lastOpsets[operator] ?? Number.POSITIVE_INFINITY]]),
  ),
)

/** com.microsoft operators that published models hold. */
export const microsoftOperators: ReadonlySet<string> = new Set(
  words(`
  Attention BiasGelu BiasSplitGelu DequantizeLinear DynamicQuantizeLSTM DynamicQuantizeMatMul
  EmbedLayerNormalization FastGelu FusedConv FusedGemm FusedMatMul GatherBlockQuantized Gelu
  GroupQueryAttention MatMulBnb4 MatMulInteger16 MatMulIntegerToFloat MatMulNBits MultiHeadAttention
  NhwcMaxPool QAttention QEmbedLayerNormalization QGemm QLinearAdd QLinearAveragePool QLinearConcat
  QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearSigmoid QLinearSoftmax QuantizeLinear QuickGelu
  RotaryEmbedding SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization TransposeMatMul`),
)

function words(list: string): string[] {
  return list.trim().split(/\s+/)
}
