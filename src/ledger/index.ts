export { accounts, links } from './account.ts'
export { meterSubscriptions } from './billing/meter-subscriptions.ts'
export { type InvoiceRequest, postInvoice } from './billing/post-invoice.ts'
export type { WhenClosed } from './close-period.ts'
export {
  type ComputeUse,
  cpuSecondCommodity,
  energyCommodity,
  gpuSecondCommodity,
  priceCompute,
} from './compute-cost.ts'
export type { NewEntry } from './entry.ts'
export { chooseMapping, layoutOf, type MappingRequest } from './exchange/choose-mapping.ts'
export { readEntryRows } from './exchange/entry-rows.ts'
export { exportLedger } from './exchange/export-ledger.ts'
export { findMapping, type Imported, importEntries, rememberMapping } from './exchange/import-entries.ts'
export { listAllEntries } from './exchange/list-all-entries.ts'
export { type OcfFiles, writeOcf } from './exchange/ocf.ts'
export { type JournalFormat, parseJournal, type ReadJournal } from './exchange/parse-journal.ts'
export { readOcf } from './exchange/read-ocf.ts'
export { readStatement, type StatementRow } from './exchange/read-statement.ts'
export { createLedger, type Ledger, type Posted, type PostOptions } from './ledger.ts'
export { type ComputeMeter, createComputeMeter, type ServedUse } from './meters/compute-meter.ts'
export { meterWork, type TaskTerms } from './meters/meter-work.ts'
export type { MeteredEvent } from './meters/metered-event.ts'
export type { PostedEvents } from './meters/post-events.ts'
export type { BalanceFilter, EntryFilter } from './queries.ts'
