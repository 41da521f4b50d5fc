/**
 * Dispatches events with a `detail`, to listeners and to properties named `on` and the event. A property is called
 * with the detail itself, by the same dispatch as the listeners: once for each event, and what it throws is
 * reported like what a listener throws.
 */
export class Emitter extends EventTarget {
  /** @type {EventTarget} */
  #bus;

  /**
   * @param {readonly string[]} types the events that have a property
   * @param {EventTarget} [bus] is given each event too
   */
  constructor(types, bus) {
    super();
    this.#bus = bus ?? this;
    for (const type of types) {
      this.addEventListener(type, (event) => {
        const handler = /** @type {any} */ (this)[`on${type}`];
        if (typeof handler === 'function') handler.call(this, /** @type {CustomEvent} */ (event).detail);
      });
    }
  }

  /** Where the events can be listened to: the bus that was given, or this object. */
  get eventBus() {
    return this.#bus;
  }

  /**
   * @protected
   * @param {string} type
   * @param {unknown} [detail]
   */
  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
    if (this.#bus !== this) this.#bus.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
