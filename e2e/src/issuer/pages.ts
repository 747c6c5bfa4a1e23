const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/** Text as it may stand in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES.get(character) ?? character);
}

/** A whole page. `body` is HTML; the title is text. Nothing is loaded from elsewhere. */
export function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
body { font-family: system-ui, sans-serif; max-width: 28rem; margin: 3rem auto; padding: 0 1rem; }
label, input { display: block; width: 100%; box-sizing: border-box; margin-bottom: .5rem; }
input, button { font: inherit; padding: .4rem; }
.notice { border-left: .3rem solid #c60; padding-left: .7rem; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p class="notice">This is a test issuer. It takes any name, asks for no password and protects nothing.</p>
${body}
</body>
</html>
`;
}

/** The sign-in form: a name, and groups where they should differ from those of the table. */
export function signInPage(options: {
  readonly client: string;
  readonly hint: string;
  readonly accounts: ReadonlyMap<string, readonly string[]>;
  readonly problem?: string;
}): string {
  const known = [...options.accounts].map(
    ([login, groups]) => `<option value="${escapeHtml(login)}">${escapeHtml(groups.join(', '))}</option>`,
  );
  return page(
    'Sign in',
    `${options.problem === undefined ? '' : `<p role="alert">${escapeHtml(options.problem)}</p>`}
<p>${escapeHtml(options.client)} asks who you are.</p>
<form method="post">
<label>Name <input name="login" list="accounts" value="${escapeHtml(options.hint)}" required autofocus></label>
<datalist id="accounts">${known.join('')}</datalist>
<label>Groups, separated by commas <input name="groups" placeholder="those of the account when left empty"></label>
<button type="submit">Sign in</button>
<button type="submit" name="abort" value="yes" formnovalidate>Cancel</button>
</form>`,
  );
}

/** The consent form: who asks for what. */
export function consentPage(options: {
  readonly client: string;
  readonly login: string;
  readonly scopes: readonly string[];
}): string {
  const scopes = options.scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join('');
  return page(
    'Consent',
    `<p>${escapeHtml(options.client)} wants to act as ${escapeHtml(options.login)}.</p>
${scopes === '' ? '' : `<ul>${scopes}</ul>`}
<form method="post">
<button type="submit" autofocus>Continue</button>
<button type="submit" name="abort" value="yes">Cancel</button>
</form>`,
  );
}

/** The page on which the code that a device shows is entered. `form` is the library's, without its button. */
export function userCodePage(form: string, problem: string | undefined): string {
  const prompt = problem ?? 'Enter the code that your device shows.';
  return page('Device sign-in', `<p>${escapeHtml(prompt)}</p>${form}${submitButton('op.deviceInputForm')}`);
}

/** The page that confirms that the code is the one on the device. */
export function confirmCodePage(form: string, client: string, userCode: string): string {
  return page(
    'Confirm the device',
    `<p>${escapeHtml(client)} should show this code:</p><p><code>${escapeHtml(userCode)}</code></p>${form}
${submitButton('op.deviceConfirmForm')}
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Cancel</button>`,
  );
}

function submitButton(form: string): string {
  return `<button type="submit" form="${form}" autofocus>Continue</button>`;
}
