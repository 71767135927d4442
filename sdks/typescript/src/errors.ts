/** The root of every error that this package throws on purpose. None of them holds a key or a secret. */
export class BellwireError extends Error {
  override name = 'BellwireError';
}
