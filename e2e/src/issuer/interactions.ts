import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type Provider } from 'oidc-provider';
import { KNOWN_ACCOUNTS, type Accounts } from './accounts.ts';
import { consentPage, page, signInPage } from './pages.ts';

/** Where the provider sends a person who must sign in or consent. */
export const INTERACTION_PATH = '/interaction/';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** A form of two short fields. More is no form of ours. */
const MAX_FORM_BYTES = 16_384;

/** The sign-in and consent forms. */
export async function handleInteraction(
  provider: Provider,
  accounts: Accounts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let interaction: Interaction;
  try {
    interaction = await provider.interactionDetails(request, response);
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    return sendPage(response, 400, page('Not signing in', '<p>This sign-in has ended. Start again.</p>'));
  }
  if (request.method === 'GET') return sendPage(response, 200, formFor(interaction));
  if (request.method !== 'POST') {
    response.setHeader('allow', 'GET, POST');
    return sendPage(response, 405, page('Not a form', '<p>Forms are read with GET and sent with POST.</p>'));
  }
  const form = await readForm(request);
  if (form === undefined) return sendPage(response, 413, page('Too long', '<p>This form is too long.</p>'));
  if (form.has('abort')) {
    const refusal = { error: 'access_denied', error_description: 'The sign-in was cancelled' };
    return provider.interactionFinished(request, response, refusal, { mergeWithLastSubmission: false });
  }
  if (interaction.prompt.name === 'consent') {
    const consent = { grantId: await grant(provider, interaction) };
    return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
  }
  const login = form.get('login')?.trim() ?? '';
  if (login === '') return sendPage(response, 400, formFor(interaction, 'Enter a name.'));
  accounts.signIn(login, groupsOf(form));
  const result = { login: { accountId: login } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** The form that the interaction waits for: consent to what was asked for, else sign-in. */
function formFor(interaction: Interaction, problem?: string): string {
  const { prompt, params, session } = interaction;
  const client = String(params['client_id']);
  if (prompt.name === 'consent') {
    return consentPage({ client, login: session?.accountId ?? '', scopes: missingScopes(interaction) });
  }
  const hint = typeof params['login_hint'] === 'string' ? params['login_hint'] : '';
  return signInPage({ client, hint, accounts: KNOWN_ACCOUNTS, ...(problem === undefined ? {} : { problem }) });
}

/** Grants all that was asked for and answers the grant's identifier. */
async function grant(provider: Provider, interaction: Interaction): Promise<string> {
  const { grantId, session, params, prompt } = interaction;
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const granted =
    existing ??
    new provider.Grant({
      clientId: String(params['client_id']),
      ...(session === undefined ? {} : { accountId: session.accountId }),
    });
  granted.addOIDCScope(missingScopes(interaction).join(' '));
  granted.addOIDCClaims(strings(prompt.details['missingOIDCClaims']));
  return granted.save();
}

function missingScopes(interaction: Interaction): string[] {
  return strings(interaction.prompt.details['missingOIDCScope']);
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function groupsOf(form: URLSearchParams): string[] {
  const groups = (form.get('groups') ?? '').split(',').map((group) => group.trim());
  return groups.filter((group) => group !== '');
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_FORM_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** Sends a page that no cache keeps. */
export function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(html);
}
