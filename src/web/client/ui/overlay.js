import { realClock } from '../clock.js';
import { t } from './strings.js';

/** @import { Clock } from '../clock.js' */
/** @import { State } from '../connection/session.js' */

/**
 * Describes a state to the viewer, with a remedy if there is one.
 *
 * @param {State} state
 * @returns {string} empty while connected
 */
export function sentence(state) {
  switch (state.kind) {
    case 'disconnected':
      return t('Disconnected.');
    case 'connecting':
      return t('Connecting to the host…');
    case 'connected':
      return '';
    case 'reconnecting':
      return [state.reason, REMEDIES[state.reason], 'Reconnecting…'].flatMap((each) => (each ? [t(each)] : [])).join(' ');
    case 'failed':
      return `${t(state.reason)} ${t(state.remedy)}`;
  }
}

/** Shows the state of the connection over the video. The style sheet hides it while connected. */
export class Overlay {
  #body;
  #sentence;
  #countdown;
  #retry;
  #clock;
  /** @type {unknown} */
  #tick = null;

  /**
   * @param {Document} document
   * @param {{onRetry: () => void, clock?: Clock}} options
   */
  constructor(document, { onRetry, clock = realClock }) {
    this.#body = document.body;
    this.#sentence = element(document, 'sentence');
    this.#countdown = element(document, 'countdown');
    this.#retry = element(document, 'retry');
    this.#clock = clock;
    this.#retry.addEventListener('click', onRetry);
  }

  /** @param {State} state */
  show(state) {
    this.#clock.clearTimeout(this.#tick);
    this.#body.dataset.state = state.kind;
    const text = sentence(state);
    if (this.#sentence.textContent !== text) this.#sentence.textContent = text;
    this.#retry.hidden = !['failed', 'disconnected'].includes(state.kind);
    this.#countdown.textContent = '';
    if (state.kind === 'reconnecting' && state.retryInMs !== null) {
      this.#countDownTo(this.#clock.now() + state.retryInMs);
    }
  }

  /** @param {number} end */
  #countDownTo(end) {
    const seconds = Math.ceil((end - this.#clock.now()) / 1000);
    if (seconds <= 0) return;
    this.#countdown.textContent = t('Retrying in {seconds} s', { seconds });
    this.#tick = this.#clock.setTimeout(() => this.#countDownTo(end), end - this.#clock.now() - (seconds - 1) * 1000);
  }
}

/**
 * @param {Document} document
 * @param {string} id
 */
function element(document, id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found;
}

/** Remedies for reasons that do not resolve by themselves. @type {Record<string, string>} */
const REMEDIES = {
  'The network blocks video from the host.': 'Check that UDP is allowed between this device and the host.',
  'The host cannot be reached.': 'Check that the host is running and that this device is on its network.',
  'The host is busy.': 'Another viewer may have to disconnect first.',
  'The host sends no video.': 'Check the log of the host.',
};
