export { adapterFeeds, adapterForm, mergeModel, openAdaptedModel } from './adapted-model.ts'
export {
  isAdapterFolder,
  type LoadedAdapter,
  loadAdapter,
  readAdapterConfig,
  saveAdapter,
} from './adapter-files.ts'
export {
  type Adapter,
  type AdapterScale,
  adapterNames,
  insertAdapters,
  linearLayers,
  mergeAdapters,
} from './adapters.ts'
export {
  attachHead,
  cosineScale,
  embeddingName,
  type HeadKind,
  type HeadOptions,
  headBiasName,
  headWeightName,
  type Pooling,
} from './attach-head.ts'
export { type Encoder, openEncoder, rowIndexName, withRowIndex } from './open-encoder.ts'
