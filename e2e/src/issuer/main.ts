import { randomBytes } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { newAccounts } from './accounts.ts';
import { reportFailure } from './command-line.ts';
import { handleInteraction, INTERACTION_PATH, sendPage } from './interactions.ts';
import { newMemoryAdapter } from './memory-adapter.ts';
import { issuerUrl, parseIssuerOptions, type IssuerOptions } from './options.ts';
import { page } from './pages.ts';
import { newProvider, type ProviderOptions } from './provider.ts';
import { readKeys, stateFiles } from './state.ts';

/** How often the key file is looked at, in milliseconds: a rotation shows within a second. */
const KEY_FILE_INTERVAL = 250;

function log(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), message, ...fields })}\n`);
}

/** The issuer process. Ends on SIGTERM and SIGINT; reads its keys again when their file changes and on SIGHUP. */
function run(options: IssuerOptions): void {
  const url = issuerUrl(options);
  const files = stateFiles(options.directory);
  const accounts = newAccounts();
  const lasting: Omit<ProviderOptions, 'keys'> = {
    url,
    audience: options.audience,
    idTokenLifetime: options.idTokenLifetime,
    accounts,
    adapter: newMemoryAdapter(),
    cookieKeys: [randomBytes(32).toString('base64url')],
  };
  // The library takes keys only when a provider is made, so a rotation makes a new one around the same store.
  let provider = newProvider({ ...lasting, keys: readKeys(options.directory) });
  let callback = provider.callback();

  function reloadKeys(): void {
    try {
      const keys = readKeys(options.directory);
      provider = newProvider({ ...lasting, keys });
      callback = provider.callback();
      log('Keys reloaded', { kids: keys.map((key) => key.kid) });
    } catch (error) {
      // The keys in use stay: an issuer without keys is of no use to anybody.
      log('Keys not reloaded', { error: String(error) });
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (path === '/healthz') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    } else if (path.startsWith(INTERACTION_PATH) && !path.slice(INTERACTION_PATH.length).includes('/')) {
      await handleInteraction(provider, accounts, request, response);
    } else {
      await callback(request, response);
    }
  }

  const server = createServer(
    { cert: readFileSync(files.certificate), key: readFileSync(files.key) },
    (request, response) => {
      handle(request, response).catch((error: unknown) => {
        log('Request failed', { error: String(error) });
        if (response.headersSent) response.destroy();
        else sendPage(response, 500, page('Something went wrong', '<p>The log of the issuer says what.</p>'));
      });
    },
  );
  server.once('error', (cause) => {
    process.exitCode = reportFailure('issuer', new Error(`cannot listen on ${url}: ${cause.message}`, { cause }));
    unwatchFile(files.keys);
  });
  server.listen(options.port, options.host, () => log('Issuer started', { url }));
  watchFile(files.keys, { interval: KEY_FILE_INTERVAL }, reloadKeys);
  process.on('SIGHUP', reloadKeys);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      unwatchFile(files.keys);
      server.close();
      server.closeAllConnections();
    });
  }
}

try {
  run(parseIssuerOptions(process.argv.slice(2)));
} catch (error) {
  process.exitCode = reportFailure('issuer', error);
}
