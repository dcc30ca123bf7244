export { checkModel, findProblems } from './check-model.ts'
export { decodeModel, encodeModel } from './codec.ts'
export { broadcastDims, positiveAxis, reduceDims, sameDims } from './dims.ts'
export { fromNumbers } from './fold-constants.ts'
export { type GraftOptions, graftGraph } from './graft-graph.ts'
export {
  type Attribute,
  consumersOf,
  createNode,
  type Dim,
  type FunctionDefinition,
  float,
  floatOf,
  type Graph,
  int,
  intOf,
  ints,
  intsOf,
  type Model,
  type Node,
  operatorOf,
  text,
  textOf,
  type ValueInfo,
} from './graph.ts'
export { type BuiltNode, builtOpset, GraphBuilder, type Operand, type Value } from './graph-builder.ts'
export { readModel, type WriteModelOptions, writeModel } from './model-file.ts'
export { reductionAxes, sliceRanges, splitSizes, type ValueType } from './node-settings.ts'
export { printModel } from './print-model.ts'
export { reassociateProducts } from './reassociate-products.ts'
export { padWidths, type ResizedAxis, resizedAxes } from './resampling.ts'
export {
  arrayTypes,
  type DataType,
  int64s,
  scalar,
  sizeOf,
  storageLength,
  type Tensor,
  type TensorData,
  tensor,
  toNumbers,
  zeros,
} from './tensor.ts'
export { reachOf, slidingWindows, transposedWindows, type Window } from './windows.ts'
