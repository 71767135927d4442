// Starts the API reference: loads the viewer and hands it what is switched off. A script of its own, because the page
// allows none inline.
(() => {
  const self = document.currentScript;
  // The viewer's validator looks whether it may make code out of text, which this page forbids, unless it is told.
  globalThis.__zod_globalConfig = { jitless: true };
  const viewer = document.createElement('script');
  viewer.nonce = self.nonce;
  viewer.src = self.dataset.viewer;
  viewer.addEventListener('load', () => {
    globalThis.Scalar.createApiReference('#reference', {
      url: '/openapi.json',
      // Requests go to this server, by no way round, and the key that is typed is forgotten with the page.
      servers: [{ url: location.origin }],
      proxyUrl: '',
      persistAuth: false,
      authentication: { preferredSecurityScheme: 'api_key' },
      // Nothing is asked of another host.
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: 'never',
      hideClientButton: true,
      documentDownloadType: 'direct',
      metaData: { title: 'Bellwire API' },
    });
  });
  document.body.append(viewer);
})();
