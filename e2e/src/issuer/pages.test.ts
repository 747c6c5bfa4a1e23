import { expect, test } from 'vitest';
import { confirmCodePage, consentPage, page, signInPage, userCodePage } from './pages.ts';

const MARKUP = `"><script>alert('x')</script>&`;
const ESCAPED = '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;';

const pages: Record<string, string> = {
  'the title': page(MARKUP, ''),
  'the sign-in form': signInPage({
    client: MARKUP,
    hint: MARKUP,
    accounts: new Map([[MARKUP, [MARKUP]]]),
    problem: MARKUP,
  }),
  'the consent form': consentPage({ client: MARKUP, login: MARKUP, scopes: [MARKUP] }),
  'the code form': userCodePage('', MARKUP),
  'the confirmation': confirmCodePage('', MARKUP, MARKUP),
};

test.each(Object.entries(pages))('%s shows markup as text', (_sentence, html) => {
  expect(html).not.toContain('<script>');
  expect(html).toContain(ESCAPED);
});

test('every page says that it is a test issuer', () => {
  for (const html of Object.values(pages)) expect(html).toContain('This is a test issuer.');
});
