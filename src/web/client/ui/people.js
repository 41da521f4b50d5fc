/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name the chosen name; empty: none
 * @property {boolean} mayControl whether the role permits control
 * @property {boolean} isOwn the viewer of this page
 * @property {boolean} holds has exclusive control
 * @property {boolean} asks requests control
 */

/** The connected viewers and who has control, from the host's messages. */
export class People {
  #own = '';
  /** @type {{client_id: string, name: string | null, role: string}[]} */
  #people = [];
  /** @type {string | null} */
  #holder = null;
  /** @type {string | null} */
  #asking = null;
  #isLocal = false;

  /** @param {string} own the id of this page's viewer on a new connection */
  begin(own) {
    this.#own = own;
    this.#people = [];
    this.#holder = null;
    this.#asking = null;
    this.#isLocal = false;
  }

  /**
   * @param {{type: string, data?: any}} message from the host
   * @returns {boolean} whether the message was one of these
   */
  receive({ type, data }) {
    if (type === 'people') {
      this.#people = data?.people ?? [];
    } else if (type === 'control-state') {
      this.#holder = data?.holder ?? null;
      this.#asking = data?.requested_by ?? null;
      this.#isLocal = data?.local === true;
    } else {
      return false;
    }
    return true;
  }

  /** The id of this page's viewer at the host. */
  get clientId() {
    return this.#own;
  }

  /** The viewers in the order of their arrival. @returns {Person[]} */
  get all() {
    return this.#people.map(({ client_id: id, name, role }) => ({
      id,
      name: name ?? '',
      mayControl: role !== 'view',
      isOwn: id === this.#own,
      holds: id === this.#holder,
      asks: id === this.#asking,
    }));
  }

  /** Whether no one but this viewer has control. */
  get isGranted() {
    return !this.#isLocal && (this.#holder === null || this.#holder === this.#own);
  }

  /** Whether the local user is at the desktop and has priority. */
  get isLocal() {
    return this.#isLocal;
  }

  /** The viewer of this page, once the host has listed it. */
  get own() {
    return this.all.find(({ isOwn }) => isOwn);
  }

  get holder() {
    return this.all.find(({ holds }) => holds);
  }

  get asking() {
    return this.all.find(({ asks }) => asks);
  }

  /** Whether the viewer of this page may take control from any other. */
  get isAdmin() {
    return this.#people.some(({ client_id: id, role }) => id === this.#own && role === 'admin');
  }
}
