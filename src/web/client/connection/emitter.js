/**
 * Dispatches `CustomEvent`s to listeners and to handler properties such as `onopen`. A handler property is called with
 * the event's `detail`, once for each event; its exceptions are reported like those of a listener.
 */
export class Emitter extends EventTarget {
  /** @type {EventTarget} */
  #bus;

  /**
   * @param {readonly string[]} types the events that have a handler property
   * @param {EventTarget} [bus] receives each event as well
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

  /** The target to listen on: the given bus, or this object. */
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
