/**
 * Shares in the Open Cap Format (https://github.com/Open-Cap-Table-Coalition/Open-Cap-Format-OCF): who was issued what, and what
 * was cancelled. In the ledger shares are a commodity, SHARE-COMMON for the class Common, which moves from Equity:Issued to
 * Equity:Holders:<Name>; holders have credits, as all equity.
 */
import { type Entry, formatAmountMicro } from '../../contracts/index.ts'
import { accounts } from '../account.ts'

/** Files of a cap table by their names. */
export type OcfFiles = Record<string, unknown>

export const holderAccounts = 'Equity:Holders:'
export const shareCommodities = 'SHARE-'
export const ocfSource = 'import.ocf'

type Security = { id: string; quantity: bigint }
type Transaction = Record<string, unknown>

/** The cap table of all entries, in the order in which they happened. */
export function writeOcf(entries: readonly Entry[], { issuer, day }: { issuer: string; day: string }): OcfFiles {
  const holders = new Set<string>()
  const classes = new Set<string>()
  const held = new Map<string, Security[]>()
  const transactions: Transaction[] = []
  const inOrder = [...entries].sort((a, b) => (a.eventTime < b.eventTime ? -1 : a.eventTime > b.eventTime ? 1 : 0))
  for (const entry of inOrder) {
    for (const [position, { account, commodity, amountMicro }] of entry.postings.entries()) {
      if (!account.startsWith(holderAccounts) || !commodity.startsWith(shareCommodities)) continue
      holders.add(account)
      classes.add(commodity)
      const name = `${account} ${commodity}`
      const id = entry.source === ocfSource ? entry.key : `${entry.source}/${entry.key}/${position}`
      const securities = held.get(name) ?? []
      held.set(name, securities)
      if (amountMicro < 0n) {
        securities.push({ id, quantity: -amountMicro })
        transactions.push(issue({ id, entry, account, commodity, quantity: -amountMicro }))
      } else transactions.push(...cancel({ id, entry, account, commodity, quantity: amountMicro, securities }))
    }
  }
  return {
    'Manifest.ocf.json': {
      file_type: 'OCF_MANIFEST_FILE',
      ocf_version: '1.2.0',
      as_of: day,
      issuer: { object_type: 'ISSUER', id: 'issuer', legal_name: issuer },
      stock_classes_files: [{ filepath: 'StockClasses.ocf.json' }],
      stakeholders_files: [{ filepath: 'Stakeholders.ocf.json' }],
      transactions_files: [{ filepath: 'Transactions.ocf.json' }],
      stock_plans_files: [],
      stock_legend_templates_files: [],
      valuations_files: [],
      vesting_terms_files: [],
    },
    'Stakeholders.ocf.json': {
      file_type: 'OCF_STAKEHOLDERS_FILE',
      items: [...holders].sort().map((account) => ({
        object_type: 'STAKEHOLDER',
        id: account,
        name: { legal_name: account.slice(holderAccounts.length) },
        stakeholder_type: 'INDIVIDUAL',
      })),
    },
    'StockClasses.ocf.json': {
      file_type: 'OCF_STOCK_CLASSES_FILE',
      items: [...classes].sort().map((commodity, i) => ({
        object_type: 'STOCK_CLASS',
        id: commodity,
        name: commodity.slice(shareCommodities.length),
        class_type: commodity.includes('COMMON') ? 'COMMON' : 'PREFERRED',
        default_id_prefix: `${commodity.slice(shareCommodities.length)}-`,
        initial_shares_authorized: 'UNLIMITED',
        votes_per_share: 1,
        seniority: i + 1,
      })),
    },
    'Transactions.ocf.json': { file_type: 'OCF_TRANSACTIONS_FILE', items: transactions },
  }
}

type Movement = { id: string; entry: Entry; account: string; commodity: string; quantity: bigint }

function issue({ id, entry, account, commodity, quantity }: Movement): Transaction {
  return {
    object_type: 'TX_STOCK_ISSUANCE',
    id,
    date: entry.eventTime.slice(0, 10),
    security_id: id,
    custom_id: id,
    stakeholder_id: account,
    stock_class_id: commodity,
    share_price: priceOf(entry, quantity),
    quantity: formatQuantity(quantity),
    security_law_exemptions: [],
    stock_legend_ids: [],
    comments: entry.description === '' ? [] : [entry.description],
  }
}

/** The oldest securities go first; what is left of one is a new one, as the format wants. */
function cancel({
  id,
  entry,
  account,
  commodity,
  quantity,
  securities,
}: Movement & { securities: Security[] }): Transaction[] {
  const transactions: Transaction[] = []
  let left = quantity
  for (let part = 1; left > 0n && securities.length > 0; part++) {
    const security = securities.shift() as Security
    const cancelled = security.quantity < left ? security.quantity : left
    left -= cancelled
    const rest = security.quantity - cancelled
    const own = part === 1 ? id : `${id}/${part}`
    const balance = `${own}/balance`
    transactions.push({
      object_type: 'TX_STOCK_CANCELLATION',
      id: own,
      date: entry.eventTime.slice(0, 10),
      security_id: security.id,
      quantity: formatQuantity(cancelled),
      reason_text: entry.description,
      ...(rest > 0n ? { balance_security_id: balance } : {}),
    })
    if (rest > 0n) {
      securities.unshift({ id: balance, quantity: rest })
      transactions.push(issue({ id: balance, entry, account, commodity, quantity: rest }))
    }
  }
  return transactions
}

/** What was paid for a share, to the ten places of the format; of an entry that says so, or whose money is of one currency. */
function priceOf({ postings, dimensions }: Entry, quantity: bigint): { amount: string; currency: string } {
  const [amount, currency] = (dimensions.price ?? '').split(' ')
  if (amount !== undefined && currency !== undefined) return { amount, currency }
  const money = postings.filter(
    ({ account, commodity }) => account.startsWith('Assets:') && /^[A-Z]{3}$/.test(commodity),
  )
  const shares = postings.filter(({ account }) => account === accounts.issued)
  const issued = shares.reduce((sum, { amountMicro }) => sum + amountMicro, 0n) || quantity
  const [first] = money
  if (!first || money.some(({ commodity }) => commodity !== first.commodity)) return { amount: '0', currency: 'USD' }
  const paid = money.reduce((sum, { amountMicro }) => sum + amountMicro, 0n)
  const digits = ((paid * 10n ** 10n) / issued).toString().padStart(11, '0')
  return { amount: `${digits.slice(0, -10)}.${digits.slice(-10)}`.replace(/\.?0+$/, ''), currency: first.commodity }
}

function formatQuantity(quantity: bigint): string {
  return formatAmountMicro(quantity).replace(/\.?0+$/, '')
}
