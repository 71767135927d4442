// Sets the colour scheme before the first paint. A script of its own, because the page allows none inline;
// classic, because modules run only after the page was painted once.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('bellwire-scheme');
  } catch {
    // Storage may be refused; then the system's choice counts.
  }
  const dark =
    chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
