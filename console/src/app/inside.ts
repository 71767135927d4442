/** A place of the console itself; what else a URL asks to go to is not gone to. */
export function inside(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) && !next.startsWith('/login') ? next : '/';
}
