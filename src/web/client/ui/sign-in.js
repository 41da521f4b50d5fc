/** @import { Answer, Login } from '../connection/login.js' */

import { t } from './strings.js';

/** The form that asks for the password or the token. */
export class SignIn {
  #body;
  #form;
  #label;
  #secret;
  #problem;
  #login;
  #onSignedIn;

  /**
   * @param {Document} document
   * @param {{login: Login, onSignedIn: (answer: Answer & {kind: 'signed-in'}) => void}} options
   */
  constructor(document, { login, onSignedIn }) {
    this.#body = document.body;
    this.#form = element(document, 'sign-in');
    this.#label = element(document, 'secret-label');
    this.#secret = /** @type {HTMLInputElement} */ (element(document, 'secret'));
    this.#problem = element(document, 'problem');
    this.#login = login;
    this.#onSignedIn = onSignedIn;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /**
   * @param {string} mode the authentication method of the host
   * @param {string} [problem] the previous error
   */
  show(mode, problem = '') {
    const label = LABELS[/** @type {keyof typeof LABELS} */ (mode)] ?? LABELS.token;
    this.#label.textContent = t(label);
    this.#problem.textContent = t(problem);
    this.#body.dataset.state = 'signing-in';
    this.#form.hidden = false;
    this.#secret.focus();
  }

  hide() {
    this.#form.hidden = true;
    this.#secret.value = '';
    this.#problem.textContent = '';
  }

  async #submit() {
    this.#problem.textContent = '';
    const answer = await this.#login.signIn(this.#secret.value);
    if (answer.kind === 'signed-in') {
      this.hide();
      this.#onSignedIn(answer);
      return;
    }
    this.#problem.textContent = t(answer.kind === 'refused' ? answer.reason : 'The host does not respond.');
    this.#secret.select();
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

const LABELS = {
  token: 'Open the address that the host printed, or enter the token from it:',
  password: 'Password:',
  proxy: 'The proxy in front of this host has not signed you in. If you have a share link, enter its token:',
};
