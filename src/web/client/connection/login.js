/**
 * The authentication state of this browser: `signed-in` has the role and the id of the host, `signed-out` the
 * method to sign in with; `unreachable` is a host that does not respond, or is not deskbeam, which the socket will show.
 *
 * @typedef {{kind: 'signed-in', role: string, hostId: string | null}
 *   | {kind: 'signed-out', mode: string}
 *   | {kind: 'refused', reason: string}
 *   | {kind: 'unreachable'}} Answer
 */

/**
 * Reads the token from the fragment of the address, `#token=…`, and removes it from the address bar and the history,
 * where others could see and copy it.
 *
 * @param {Location} location
 * @param {History} history
 * @returns {string | null}
 */
export function takeToken(location, history) {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

/** Signs in to the host of the page. */
export class Login {
  #base;
  #origin;
  #fetch;

  /**
   * @param {string | URL} pageUrl
   * @param {typeof fetch} [fetcher]
   */
  constructor(pageUrl, fetcher = (...args) => fetch(...args)) {
    this.#base = new URL('api/', pageUrl);
    this.#origin = new URL(pageUrl).origin;
    this.#fetch = fetcher;
  }

  /**
   * Asks about the session. Browsers do not say the origin of the page here, so the page does: a socket does not say that
   * it was refused for its origin.
   *
   * @returns {Promise<Answer>}
   */
  async check() {
    // A request on a dead connection would wait for minutes.
    const signal = AbortSignal.timeout(CHECK_WITHIN_MS);
    return this.#ask('session', { cache: 'no-store', signal }, { origin: this.#origin });
  }

  /**
   * Exchanges a token or a password for a session.
   *
   * @param {string} secret
   * @returns {Promise<Answer>}
   */
  async signIn(secret) {
    return this.#ask('login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret }),
    });
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   * @param {Record<string, string>} [query]
   * @returns {Promise<Answer>}
   */
  async #ask(path, init, query = {}) {
    const url = new URL(path, this.#base);
    url.search = String(new URLSearchParams(query));
    let response;
    try {
      response = await this.#fetch(url, { credentials: 'same-origin', ...init });
    } catch {
      return { kind: 'unreachable' };
    }
    const body = await response.json().catch(() => ({}));
    if (response.ok) {
      const hostId = typeof body?.host_id === 'string' ? body.host_id : null;
      return { kind: 'signed-in', role: String(body?.role ?? 'control'), hostId };
    }
    if (response.status === 401 && path === 'session') return { kind: 'signed-out', mode: String(body?.mode ?? 'token') };
    if (REFUSALS.has(response.status)) return { kind: 'refused', reason: refusal(response) };
    return { kind: 'unreachable' };
  }
}

/**
 * The reason for a refused sign-in, for display.
 *
 * @param {Response} response
 */
function refusal(response) {
  if (response.status === 401) return 'Wrong token or password.';
  if (response.status === 403) return FORBIDDEN;
  const seconds = Number(response.headers.get('retry-after')) || 5;
  const time = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
  return `Too many failed attempts. Wait ${time}, then try again.`;
}

/** A proxy that changes the Host header makes the host's own page one of another origin. */
const FORBIDDEN =
  'The host does not accept this page. If a reverse proxy is in front of it, the proxy has to pass on the Host header (in nginx: proxy_set_header Host $http_host;). Otherwise open the address that the host printed.';

/** The deadline for the state of the session. */
const CHECK_WITHIN_MS = 5000;
const REFUSALS = new Set([401, 403, 429]);
