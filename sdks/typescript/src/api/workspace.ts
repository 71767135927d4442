import type * as m from '../generated/models.js';
import { ApprovalMethods } from './approvals.js';
import type { Query, Route } from './core.js';
import { follow, readMessage } from './stream.js';
import type { CallOptions } from './transport.js';

/** Keys, workspaces, namespaces, the audit log, and how the server does. */
export class WorkspaceMethods extends ApprovalMethods {
  /** Whose key this is, and what it may do. */
  me(options?: CallOptions): Promise<m.Me> {
    return this.request('GET /v1/me', {}, options);
  }

  /** Makes a workspace, with an admin key that is in this answer only. For the owner. */
  createWorkspace(form: m.CreateWorkspaceBody, options?: CallOptions): Promise<m.WorkspaceView> {
    return this.request('POST /v1/workspaces', { body: form }, options);
  }

  /** Workspaces, newest first. For the owner. */
  listWorkspaces(query: Query<'GET /v1/workspaces'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/workspaces', 'workspaces', { query }, options);
  }

  /** Namespaces, by name. */
  listNamespaces(query: Query<'GET /v1/namespaces'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/namespaces', 'namespaces', { query }, options);
  }

  /** Removes a namespace, with its endpoints and keys. */
  async deleteNamespace(namespace: string, options?: CallOptions): Promise<void> {
    await this.request('DELETE /v1/namespaces/{namespace}', { path: { namespace } }, options);
  }

  /** Makes a link with which a customer sees its own namespace in the console. */
  createPortalLink(
    namespace: string,
    form: m.PortalLinkForm = {},
    options?: CallOptions,
  ): Promise<m.PortalLink> {
    const given = { path: { namespace }, body: form };
    return this.request('POST /v1/namespaces/{namespace}/portal-link', given, options);
  }

  /** Makes a key. It is in this answer as `api_key` and in no other. */
  createKey(form: m.CreateKeyBody, options?: CallOptions): Promise<m.KeyView> {
    return this.request('POST /v1/keys', { body: form }, options);
  }

  /** Keys, newest first; never the keys themselves. */
  listKeys(query: Query<'GET /v1/keys'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/keys', 'keys', { query }, options);
  }

  /** Revokes a key, effective at once. */
  async revokeKey(keyId: string, options?: CallOptions): Promise<void> {
    await this.request('DELETE /v1/keys/{key_id}', { path: { key_id: keyId } }, options);
  }

  /** The audit log, newest first. */
  listAudit(query: Query<'GET /v1/audit'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/audit', 'entries', { query }, options);
  }

  /** Has the server check the chain of the audit log. */
  checkAuditChain(options?: CallOptions): Promise<m.ChainView> {
    return this.request('GET /v1/audit/chain', {}, options);
  }

  /** How things stand, in one piece. */
  overview(query: Query<'GET /v1/overview'> = {}, options?: CallOptions): Promise<m.Overview> {
    return this.request('GET /v1/overview', { query }, options);
  }

  /** How the server is set up; never a secret. */
  settings(options?: CallOptions): Promise<m.SettingsView> {
    return this.request('GET /v1/settings', {}, options);
  }

  /** Tries an integration: `slack`, `pagerduty`, `nats`. */
  testIntegration(name: string, options?: CallOptions): Promise<m.TrialView> {
    return this.request('POST /v1/integrations/{name}/test', { path: { name } }, options);
  }

  /** What verifies `v1a` signatures and receipts. */
  publicKeys(options?: CallOptions): Promise<m.PublicKeys> {
    return this.request('GET /.well-known/bellwire-keys.json', {}, options);
  }

  /** The API's own description (OpenAPI 3.1). */
  openapi(options?: CallOptions): Promise<Record<string, unknown>> {
    return this.request('GET /openapi.json', {}, options);
  }

  /** Which kinds of things changed, as they do: `hello` first, then at most twice a second. */
  async *streamChanges(
    query: Query<'GET /v1/changes/stream'> = {},
    options: CallOptions = {},
  ): AsyncGenerator<{ event: string; data: unknown }, void, undefined> {
    const route = 'GET /v1/changes/stream' satisfies Route;
    const begin = async () => {
      await this.checkWorkspace();
      return query;
    };
    for await (const { event, data } of follow(this.transport, { route }, options, begin)) {
      yield { event, data: readMessage(route, data) };
    }
  }
}
