import { BellwireError } from '../errors.js';

/** Which check failed. */
export type SignatureFault =
  | 'missing_header'
  | 'malformed_header'
  | 'timestamp_out_of_tolerance'
  | 'no_match'
  | 'bad_secret'
  | 'malformed_body';

/** A request is not to be believed. Answer it with 401 and nothing else. */
export class WebhookSignatureError extends BellwireError {
  override name = 'WebhookSignatureError';

  constructor(
    /** Which check failed. */
    readonly code: SignatureFault,
    message: string,
    /** The header it is about, in lower case, if it is about one. */
    readonly header: string | null = null,
  ) {
    super(message);
  }

  /** @internal */
  static missing(header: string): WebhookSignatureError {
    return new WebhookSignatureError('missing_header', `header ${header} is missing`, header);
  }

  /** @internal */
  static malformed(header: string): WebhookSignatureError {
    return new WebhookSignatureError('malformed_header', `header ${header} is malformed`, header);
  }
}
