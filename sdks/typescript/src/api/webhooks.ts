import type * as m from '../generated/models.js';
import type { Query } from './core.js';
import { EventMethods, waiting } from './events.js';
import type { CallOptions } from './transport.js';

const endpoint = (endpointId: string) => ({ path: { endpoint_id: endpointId } });
const delivery = (deliveryId: string) => ({ path: { delivery_id: deliveryId } });

/** Endpoints and deliveries. */
export class WebhookMethods extends EventMethods {
  /** Makes an endpoint. Its `secret` is in this answer and in no other. */
  async createWebhook(form: m.EndpointForm, options?: CallOptions): Promise<m.Endpoint> {
    return (await this.request('POST /v1/webhooks', { body: form }, options)).endpoint;
  }

  /** Endpoints, newest first. */
  listWebhooks(query: Query<'GET /v1/webhooks'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/webhooks', 'endpoints', { query }, options);
  }

  /** An endpoint. */
  async getWebhook(endpointId: string, options?: CallOptions): Promise<m.Endpoint> {
    return (await this.request('GET /v1/webhooks/{endpoint_id}', endpoint(endpointId), options)).endpoint;
  }

  /** Changes an endpoint; absent fields keep what is there. */
  async updateWebhook(
    endpointId: string,
    change: m.EndpointForm,
    options?: CallOptions,
  ): Promise<m.Endpoint> {
    const given = { ...endpoint(endpointId), body: change };
    return (await this.request('PATCH /v1/webhooks/{endpoint_id}', given, options)).endpoint;
  }

  /** Removes an endpoint, and its deliveries with it. */
  async deleteWebhook(endpointId: string, options?: CallOptions): Promise<void> {
    await this.request('DELETE /v1/webhooks/{endpoint_id}', endpoint(endpointId), options);
  }

  /** Delivers `webhook.test` at once, and says what came back. */
  testWebhook(endpointId: string, options?: CallOptions): Promise<m.TestAnswer> {
    return this.request('POST /v1/webhooks/{endpoint_id}/test', endpoint(endpointId), options);
  }

  /** Makes a new secret; the old one signs too until the overlap ends. */
  rotateSecret(endpointId: string, form: m.RotateForm = {}, options?: CallOptions): Promise<m.RotateAnswer> {
    const given = { ...endpoint(endpointId), body: form };
    return this.request('POST /v1/webhooks/{endpoint_id}/rotate-secret', given, options);
  }

  /** Ends a rotation now: from here on the new secret alone signs. */
  finishRotation(endpointId: string, options?: CallOptions): Promise<m.FinishAnswer> {
    return this.request(
      'POST /v1/webhooks/{endpoint_id}/rotate-secret/finish',
      endpoint(endpointId),
      options,
    );
  }

  /** How an endpoint does. */
  webhookStats(
    endpointId: string,
    query: Query<'GET /v1/webhooks/{endpoint_id}/stats'> = {},
    options?: CallOptions,
  ) {
    return this.request('GET /v1/webhooks/{endpoint_id}/stats', { ...endpoint(endpointId), query }, options);
  }

  /** The deliveries of an endpoint, newest first. */
  webhookDeliveries(
    endpointId: string,
    query: Query<'GET /v1/webhooks/{endpoint_id}/deliveries'> = {},
    options?: CallOptions,
  ) {
    const given = { ...endpoint(endpointId), query };
    return this.pages('GET /v1/webhooks/{endpoint_id}/deliveries', 'deliveries', given, options);
  }

  /** Sends what an endpoint was sent before once more. */
  replayWebhook(endpointId: string, form: m.ReplayForm, options?: CallOptions): Promise<m.ReplayJob> {
    return this.request(
      'POST /v1/webhooks/{endpoint_id}/replay',
      { ...endpoint(endpointId), body: form },
      options,
    );
  }

  /** The replays of an endpoint, newest first. */
  webhookJobs(
    endpointId: string,
    query: Query<'GET /v1/webhooks/{endpoint_id}/jobs'> = {},
    options?: CallOptions,
  ) {
    return this.pages(
      'GET /v1/webhooks/{endpoint_id}/jobs',
      'jobs',
      { ...endpoint(endpointId), query },
      options,
    );
  }

  /** How far a replay is. */
  getJob(jobId: string, options?: CallOptions): Promise<m.ReplayJob> {
    return this.request('GET /v1/jobs/{job_id}', { path: { job_id: jobId } }, options);
  }

  /** Takes deliveries of a pull endpoint: answer each with `ack`, `nack` or `extend`. */
  pull(endpointId: string, form: m.PullForm = {}, options: CallOptions = {}): Promise<m.PullReply> {
    const given = { ...endpoint(endpointId), body: form };
    return this.request(
      'POST /v1/webhooks/{endpoint_id}/pull',
      given,
      waiting(form.wait ?? undefined, options),
    );
  }

  /** It is done. */
  ack(deliveryId: string, form: m.LeaseForm = {}, options?: CallOptions): Promise<m.Delivery> {
    return this.request(
      'POST /v1/deliveries/{delivery_id}/ack',
      { ...delivery(deliveryId), body: form },
      options,
    );
  }

  /** It could not be done: a failed attempt, tried again as the schedule or `delay` says. */
  nack(deliveryId: string, form: m.NackForm = {}, options?: CallOptions): Promise<m.Delivery> {
    return this.request(
      'POST /v1/deliveries/{delivery_id}/nack',
      { ...delivery(deliveryId), body: form },
      options,
    );
  }

  /** It takes longer. The answer names the lease that it is held under from here on. */
  extend(deliveryId: string, form: m.ExtendForm, options?: CallOptions): Promise<m.ExtendedDelivery> {
    return this.request(
      'POST /v1/deliveries/{delivery_id}/extend',
      { ...delivery(deliveryId), body: form },
      options,
    );
  }

  /** Deliveries of all endpoints, newest first. */
  listDeliveries(query: Query<'GET /v1/deliveries'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/deliveries', 'deliveries', { query }, options);
  }

  /** A delivery, with every attempt and the last request as it was sent. */
  getDelivery(deliveryId: string, options?: CallOptions): Promise<m.DeliveryDetail> {
    return this.request('GET /v1/deliveries/{delivery_id}', delivery(deliveryId), options);
  }

  /** Sends a delivery again, now, its count begun anew. */
  retryDelivery(deliveryId: string, options?: CallOptions): Promise<m.Delivery> {
    return this.request('POST /v1/deliveries/{delivery_id}/retry', delivery(deliveryId), options);
  }

  /** Sends many again. */
  retryDeliveries(form: m.RetryManyForm, options?: CallOptions): Promise<m.RetryManyAnswer> {
    return this.request('POST /v1/deliveries/retry', { body: form }, options);
  }
}
