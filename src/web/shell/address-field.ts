import { bridgeAddress, pathOf, wantedPath } from '../link/address.ts';
import { element } from './element.ts';

const REFUSED = 'This page connects to its own bridge only. Give a path on it.';

/**
 * The address of the bridge on a page: its host is given, its path can be chosen.
 *
 * The path comes from `?path=` of the page. It goes into the links to the other pages and into the location, so that a
 * page can be reloaded and a link to it be given away. A path that leads elsewhere stays in the field, with the reason,
 * and there is no address: a link that was meant for one target must not open another one.
 */
export class AddressField {
  readonly #input = element<HTMLInputElement>('path');
  readonly #reason = document.createElement('p');
  readonly #onChange: (address: URL | null) => void;
  /** The path of this page unless another one is chosen. It stands in no link: other pages have their own. */
  readonly #usual: string;

  /** `onChange` hears of each change, null while there is no address. `usual` is the path to start with. */
  constructor(onChange: (address: URL | null) => void = () => {}, usual = './') {
    this.#onChange = onChange;
    const page = new URL(location.href);
    const start = bridgeAddress(page, usual)!;
    this.#usual = pathOf(start);
    const wanted = wantedPath(page) ?? this.#usual;
    const chosen = bridgeAddress(page, wanted);
    element('bridge').textContent = start.origin;
    this.#input.value = chosen ? pathOf(chosen) : wanted;
    this.#placeReason();
    this.#input.addEventListener('input', () => {
      this.#changed();
      this.#onChange(this.address);
    });
    this.#changed();
  }

  /** The address to connect to; null while what is written leads to another host or is none. */
  get address(): URL | null {
    return bridgeAddress(new URL(location.href), this.#input.value);
  }

  /** Chooses a path, as if it had been written. */
  choose(path: string): void {
    this.#input.value = path;
    this.#changed();
    this.#onChange(this.address);
  }

  /** Lets nobody change the path, while a connection uses it. */
  set locked(locked: boolean) {
    this.#input.readOnly = locked;
  }

  #placeReason(): void {
    this.#reason.className = 'address-reason';
    this.#reason.id = 'path-reason';
    this.#reason.role = 'alert';
    this.#input.setAttribute('aria-describedby', this.#reason.id);
    this.#input.form?.after(this.#reason);
  }

  #changed(): void {
    const { address } = this;
    const reason = address ? '' : REFUSED;
    this.#input.setAttribute('aria-invalid', String(address === null));
    this.#input.setCustomValidity(reason);
    this.#reason.hidden = address !== null;
    // What is spoken is what changes.
    if (this.#reason.textContent !== reason) this.#reason.textContent = reason;
    if (address) keepPath(pathOf(address) === this.#usual ? null : pathOf(address));
  }
}

/** Puts a path into the location of this page and into the links to the others; null takes it out. */
function keepPath(path: string | null): void {
  const here = new URL(location.href);
  setPath(here, path);
  // Browsers allow this some hundred times in half a minute, and nobody types as fast.
  if (here.href !== location.href) history.replaceState(null, '', here);
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-page]')) {
    const there = new URL(link.href);
    setPath(there, path);
    link.href = there.href;
  }
}

/** Writes a path into the address of a page; null takes it out. */
function setPath(page: URL, path: string | null): void {
  page.searchParams.delete('address');
  if (path === null) page.searchParams.delete('path');
  else page.searchParams.set('path', path);
}
