/**
 * One-time and portal links carry their token in the fragment, so that no server, log or referrer sees it.
 * It is taken out of the address bar before anything else happens, and kept only here.
 */
let token: string | null = null;

export function takeLink(): void {
  const found = /^#link=([\w.~-]+)$/.exec(window.location.hash);
  if (!found) return;
  token = found[1] ?? null;
  window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
}

/** The token, to whoever asks first. */
export function spendLink(): string | null {
  const spent = token;
  token = null;
  return spent;
}
