/**
 * The messages of ONNX 1.20 that Capstan reads and writes, as a table: field number → name and kind. Field numbers:
 * https://github.com/onnx/onnx/blob/v1.20.0/onnx/onnx.proto. Fields that are not listed are skipped on reading.
 */

export type ScalarKind = 'int32' | 'int64' | 'uint64' | 'float' | 'double' | 'string' | 'bytes'

export type Field = { readonly name: string; readonly kind: ScalarKind | MessageName; readonly repeated?: true }

export type MessageName =
  | 'Attribute'
  | 'Dimension'
  | 'Function'
  | 'Graph'
  | 'Model'
  | 'Node'
  | 'OperatorSet'
  | 'Shape'
  | 'StringEntry'
  | 'Tensor'
  | 'TensorType'
  | 'Type'
  | 'ValueInfo'

const one = (name: string, kind: Field['kind']): Field => ({ name, kind })
const many = (name: string, kind: Field['kind']): Field => ({ name, kind, repeated: true })

export const messages: Readonly<Record<MessageName, Readonly<Record<number, Field>>>> = {
  Attribute: {
    1: one('name', 'string'),
    2: one('f', 'float'),
    3: one('i', 'int64'),
    4: one('s', 'bytes'),
    5: one('t', 'Tensor'),
    6: one('g', 'Graph'),
    7: many('floats', 'float'),
    8: many('ints', 'int64'),
    9: many('strings', 'bytes'),
    10: many('tensors', 'Tensor'),
    11: many('graphs', 'Graph'),
    20: one('type', 'int32'),
    21: one('reference', 'string'),
  },
  Dimension: { 1: one('value', 'int64'), 2: one('symbol', 'string') },
  Function: {
    1: one('name', 'string'),
    4: many('input', 'string'),
    5: many('output', 'string'),
    6: many('attribute', 'string'),
    7: many('node', 'Node'),
    9: many('opset', 'OperatorSet'),
    10: one('domain', 'string'),
  },
  Graph: {
    1: many('node', 'Node'),
    2: one('name', 'string'),
    5: many('initializer', 'Tensor'),
    11: many('input', 'ValueInfo'),
    12: many('output', 'ValueInfo'),
    13: many('valueInfo', 'ValueInfo'),
  },
  Model: {
    1: one('irVersion', 'int64'),
    2: one('producerName', 'string'),
    3: one('producerVersion', 'string'),
    7: one('graph', 'Graph'),
    8: many('opset', 'OperatorSet'),
    14: many('metadata', 'StringEntry'),
    25: many('function', 'Function'),
  },
  Node: {
    1: many('input', 'string'),
    2: many('output', 'string'),
    3: one('name', 'string'),
    4: one('opType', 'string'),
    5: many('attribute', 'Attribute'),
    7: one('domain', 'string'),
  },
  OperatorSet: { 1: one('domain', 'string'), 2: one('version', 'int64') },
  Shape: { 1: many('dim', 'Dimension') },
  StringEntry: { 1: one('key', 'string'), 2: one('value', 'string') },
  Tensor: {
    1: many('dims', 'int64'),
    2: one('dataType', 'int32'),
    4: many('floatData', 'float'),
    5: many('int32Data', 'int32'),
    6: many('stringData', 'bytes'),
    7: many('int64Data', 'int64'),
    8: one('name', 'string'),
    9: one('rawData', 'bytes'),
    10: many('doubleData', 'double'),
    11: many('uint64Data', 'uint64'),
    13: many('externalData', 'StringEntry'),
    14: one('dataLocation', 'int32'),
  },
  TensorType: { 1: one('elementType', 'int32'), 2: one('shape', 'Shape') },
  Type: { 1: one('tensor', 'TensorType') },
  ValueInfo: { 1: one('name', 'string'), 2: one('type', 'Type') },
}

/** A decoded message: fields by name, absent ones missing. */
export type Message = { [name: string]: FieldValue | FieldValue[] | undefined }
export type FieldValue = number | bigint | string | Uint8Array | Message
