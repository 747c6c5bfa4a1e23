import { fetch, type Agent } from 'undici';

/** What a person has in front of them. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
}

/** A browser without scripts: it keeps cookies, follows redirects and sends forms. */
export interface Browser {
  /** Loads a page. A redirect to another origin is not followed: its URL is the answer, without content. */
  open(url: string): Promise<Page>;
  /** Sends the form of the page with its hidden fields and those given. */
  submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page>;
}

const MAX_REDIRECTS = 10;

export function newBrowser(origin: string, dispatcher: Agent): Browser {
  const cookies = new Map<string, string>();

  async function load(start: string, form?: URLSearchParams): Promise<Page> {
    let url = start;
    let body = form;
    for (let redirects = 0; redirects < MAX_REDIRECTS; redirects += 1) {
      const response = await fetch(url, {
        dispatcher,
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(body === undefined ? {} : { method: 'POST', body }),
      });
      keepCookies(response.headers.getSetCookie());
      const location = response.headers.get('location');
      if (location === null) return { url, status: response.status, html: await response.text() };
      await response.body?.cancel();
      url = new URL(location, url).href;
      // RFC 9110, section 15.4.4: what follows 303 is read with GET.
      body = undefined;
      if (new URL(url).origin !== origin) return { url, status: response.status, html: '' };
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from ${start}`);
  }

  /** Paths are not told apart: one sign-in at a time needs no more. */
  function keepCookies(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
  }

  return {
    open: (url) => load(url),
    submit(page, fields) {
      const action = /<form[^>]*\saction="([^"]*)"/.exec(page.html)?.[1] ?? page.url;
      const form = new URLSearchParams();
      for (const [tag] of page.html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
        form.set(/name="([^"]*)"/.exec(tag)?.[1] ?? '', /value="([^"]*)"/.exec(tag)?.[1] ?? '');
      }
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      return load(new URL(action, page.url).href, form);
    },
  };
}
