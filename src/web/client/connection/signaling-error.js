/** @import { Message } from './envelope.js' */

/** An error reported by the host, a lost connection, or a request without a reply. */
export class SignalingError extends Error {
  /**
   * @param {string} code an error code of the protocol, or `TIMEOUT`, `CLOSED` or `MAX_RETRIES_EXCEEDED`
   * @param {string} message
   * @param {boolean} recoverable whether a retry may succeed
   * @param {{type?: string, details?: unknown}} [more]
   */
  constructor(code, message, recoverable, { type = 'client_error', details = null } = {}) {
    super(message);
    this.name = 'SignalingError';
    this.code = code;
    this.recoverable = recoverable;
    /** The category of the code, such as `connection_error`. */
    this.type = type;
    /** Details from the host for debugging. */
    this.details = details;
  }
}

/**
 * @param {Message} message of type `error`
 * @returns {SignalingError}
 */
export function errorOf({ error }) {
  return new SignalingError(
    error?.code ?? 'INTERNAL_ERROR',
    error?.message ?? 'The host reported an error.',
    error?.recoverable ?? true,
    { type: error?.type ?? 'server_error', details: error?.details ?? null },
  );
}
