/**
 * The host as a TURN server, which a browser reaches by the TCP port of the page.
 *
 * @typedef {{username: string, credential: string, only?: boolean}} RelayAccess
 */

const LOOPBACK = /^(127\.|\[::1\]$)/;

/**
 * The ICE server for the host behind the signaling socket at `socketUrl`. Nobody but the browser knows the address by
 * which it reaches the host.
 *
 * @param {string} socketUrl
 * @param {RelayAccess} access
 * @returns {RTCIceServer}
 */
export function relayServer(socketUrl, { username, credential }) {
  const { protocol, hostname, port } = new URL(socketUrl);
  const isSecure = protocol === 'wss:' || protocol === 'https:';
  // Firefox takes no TURN server at a loopback address, but one by this name.
  const hosts = LOOPBACK.test(hostname) ? [hostname, 'localhost'] : [hostname];
  // By TLS as well: some networks let nothing else through.
  const schemes = isSecure ? ['turn', 'turns'] : ['turn'];
  const end = `:${port || (isSecure ? 443 : 80)}?transport=tcp`;
  const urls = schemes.flatMap((scheme) => hosts.map((host) => `${scheme}:${host}${end}`));
  return { urls, username, credential };
}
