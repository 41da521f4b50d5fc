/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name what he calls himself; empty: he has not said
 * @property {boolean} mayControl whether his role lets him
 * @property {boolean} isOwn whether this is the viewer of this page
 * @property {boolean} holds whether he alone may act now
 * @property {boolean} asks whether he wants to
 */

/** Who is connected, and who has the control, as the host tells it. */
export class People {
  #own = '';
  /** @type {{client_id: string, name: string | null, role: string}[]} */
  #people = [];
  /** @type {string | null} */
  #holder = null;
  /** @type {string | null} */
  #asking = null;
  #isLocal = false;

  /** @param {string} own the id of this page's viewer on a new connection, which has been told nothing */
  begin(own) {
    this.#own = own;
    this.#people = [];
    this.#holder = null;
    this.#asking = null;
    this.#isLocal = false;
  }

  /**
   * @param {{type: string, data?: any}} message of the host
   * @returns {boolean} whether it was about this
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

  /** What the host calls the viewer of this page. */
  get clientId() {
    return this.#own;
  }

  /** The first to come first. @returns {Person[]} */
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

  /** Whether nobody else has the control. */
  get isGranted() {
    return !this.#isLocal && (this.#holder === null || this.#holder === this.#own);
  }

  /** Whether somebody acts at the desktop itself, and goes before all others. */
  get isLocal() {
    return this.#isLocal;
  }

  /** The viewer of this page, if the host has told of him. */
  get own() {
    return this.all.find(({ isOwn }) => isOwn);
  }

  get holder() {
    return this.all.find(({ holds }) => holds);
  }

  get asking() {
    return this.all.find(({ asks }) => asks);
  }

  /** Whether the viewer of this page may take the control from whomever. */
  get isAdmin() {
    return this.#people.some(({ client_id: id, role }) => id === this.#own && role === 'admin');
  }
}
