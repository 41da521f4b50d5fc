/**
 * The URL of the signaling socket for the page at `pageUrl`. `?app=name` selects an application of the host; without
 * it the host uses its default.
 *
 * @param {string | URL | Location} pageUrl
 * @returns {URL}
 */
export function socketUrl(pageUrl) {
  const page = new URL(String(pageUrl));
  const app = page.searchParams.get('app');
  const url = new URL(app ? `ws/${encodeURIComponent(app)}` : 'ws', page);
  url.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}
