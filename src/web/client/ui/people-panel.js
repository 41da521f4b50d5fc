import { People } from './people.js';
import { t } from './strings.js';
import { part } from './toolbar.js';

/** @import { GStreamerSignalingClient } from '../connection/signaling.js' */
/** @import { Person } from './people.js' */

/** Lists the viewers; takes, requests and hands over control. */
export class PeoplePanel {
  #document;
  #hint;
  #onChange;
  #people = new People();
  /** @type {GStreamerSignalingClient | null} */
  #signaling = null;
  #name = '';

  /**
   * @param {Document} document with the panel `#people` and its button
   * @param {object} options
   * @param {(text: string) => void} options.hint
   * @param {() => void} options.onChange the viewer has gained or lost control
   */
  constructor(document, { hint, onChange }) {
    this.#document = document;
    this.#hint = hint;
    this.#onChange = onChange;
    part(document, '#people').addEventListener('click', ({ target }) => {
      const { control, client } = /** @type {HTMLElement} */ (target).dataset;
      if (control) this.#send(control, client ? { client_id: client } : {});
    });
  }

  /** @param {GStreamerSignalingClient} signaling */
  attach(signaling) {
    this.#signaling = signaling;
    signaling.addEventListener('welcome', (event) => {
      this.#people.begin(String(/** @type {CustomEvent} */ (event).detail?.client_id ?? ''));
      this.#send('name', { name: this.#name });
      this.#show();
      this.#onChange();
    });
    signaling.addEventListener('message', (event) => this.#receive(/** @type {CustomEvent} */ (event).detail));
  }

  /** Whether this viewer may control the desktop: no other viewer has control, nor the local user. */
  get isGranted() {
    return this.#people.isGranted;
  }

  /** The id of this client at the host. */
  get clientId() {
    return this.#people.clientId;
  }

  /** @param {string} name the viewer's name for others */
  setName(name) {
    if (name === this.#name) return;
    this.#name = name;
    this.#send('name', { name });
  }

  /** @param {{type: string, data?: any}} message */
  #receive(message) {
    const { isGranted: wasGranted, isLocal: wasLocal } = this.#people;
    const before = { holder: this.#people.holder?.id, asking: this.#people.asking?.id };
    if (!this.#people.receive(message)) return;
    const { isGranted, isLocal, holder, asking } = this.#people;
    if (isLocal && !wasLocal) this.#hint(t('The local user is using the desktop'));
    else if (wasLocal && isGranted) this.#hint(t('You can use the desktop again'));
    if (holder?.id !== before.holder) {
      if (holder?.isOwn) this.#hint(t('You have control'));
      else this.#hint(holder ? t('{name} has control', { name: nameOf(holder) }) : t('All viewers can use the desktop again'));
    }
    if (asking && asking.id !== before.asking && holder?.isOwn) {
      this.#hint(t('{name} requests control', { name: nameOf(asking) }));
    }
    this.#show();
    if (isGranted !== wasGranted) this.#onChange();
  }

  #show() {
    const { all, holder, isLocal } = this.#people;
    const button = part(this.#document, '[data-panel="people"]');
    button.hidden = all.length < 2 && !holder && !isLocal;
    button.dataset.count = String(all.length);
    part(this.#document, '#people p').hidden = !isLocal;
    part(this.#document, '#people ul').replaceChildren(...all.map((person) => this.#item(person)));
    part(this.#document, '#people .row').replaceChildren(...this.#choices());
  }

  /** @param {Person} person */
  #item(person) {
    const item = this.#document.createElement('li');
    const name = this.#document.createElement('b');
    name.textContent = nameOf(person);
    const states = [
      person.isOwn ? t('you') : '',
      person.holds ? t('in control') : person.asks ? t('requesting control') : person.mayControl ? '' : t('watching'),
    ].filter(Boolean);
    const state = this.#document.createElement('span');
    state.textContent = states.join(', ');
    item.append(name, state);
    if (this.#people.own?.holds && person.mayControl && !person.isOwn) {
      item.append(this.#button(t('Hand over'), 'control-grant', person.id));
    }
    return item;
  }

  /** The buttons for control that apply to the viewer. */
  #choices() {
    const { own, holder, isAdmin } = this.#people;
    if (!own?.mayControl) return [];
    if (own.holds) return [this.#button(t('Release control'), 'control-release')];
    if (!holder || isAdmin) return [this.#button(t('Take control'), 'control-request')];
    const ask = this.#button(own.asks ? t('Control requested') : t('Request control'), 'control-request');
    ask.disabled = own.asks;
    return [ask];
  }

  /**
   * @param {string} text
   * @param {string} control
   * @param {string} [client]
   */
  #button(text, control, client = '') {
    const button = this.#document.createElement('button');
    button.type = 'button';
    button.textContent = text;
    Object.assign(button.dataset, { control, client });
    return button;
  }

  /**
   * @param {string} type
   * @param {object} data
   */
  #send(type, data) {
    if (this.#signaling?.state === 'connected') this.#signaling.sendMessage(type, data);
  }
}

/** @param {Person} person */
function nameOf({ name }) {
  return name || t('Unnamed viewer');
}
