import { WorkspaceMethods } from './api/workspace.js';
import type * as m from './generated/models.js';
import { Wallet } from './wallet.js';

/**
 * A client of one Bellwire server, with one key.
 *
 * ```ts
 * const client = new AdminClient({ apiKey, baseUrl: 'https://bellwire.example.com' });
 * const endpoint = await client.createWebhook({ url, events: ['file.*'], namespace: 'customer-acme' });
 * ```
 *
 * What is sent and answered has the API's own names (`amount_usd`); what belongs to this package is
 * camelCase. Amounts are decimal strings.
 */
export class AdminClient extends WorkspaceMethods {
  /** A wallet to spend from. */
  wallet(wallet: string | Pick<m.Wallet, 'id'>): Wallet {
    return new Wallet(this, typeof wallet === 'string' ? wallet : wallet.id);
  }

  /** Says where it connects to, never with what. */
  toJSON(): { baseUrl: string; workspaceId: string | null } {
    return { baseUrl: this.baseUrl, workspaceId: this.workspaceId };
  }
}
