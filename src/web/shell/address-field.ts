import { bridgeAddress, pathOf, wantedPath } from '../link/address.ts';
import { element } from './element.ts';

/**
 * The address of the bridge on a page: its host is given, its path can be chosen.
 *
 * The path comes from `?path=` of the page. It goes into the links to the other pages and into the location, so that a
 * page can be reloaded and a link to it be given away.
 */
export class AddressField {
  readonly #input = element<HTMLInputElement>('path');
  readonly #onChange: (address: URL | null) => void;
  /** The path of this page unless another one is chosen. It stands in no link: other pages have their own. */
  readonly #usual: string;

  /** `onChange` hears of each change, null while what is written leads to another host. `usual` is the path to start with. */
  constructor(onChange: (address: URL | null) => void = () => {}, usual = './') {
    this.#onChange = onChange;
    const page = new URL(location.href);
    const start = bridgeAddress(page, usual)!;
    this.#usual = pathOf(start);
    const isChosen = page.searchParams.has('path') || page.searchParams.has('address');
    const chosen = (isChosen ? bridgeAddress(page, wantedPath(page)) : null) ?? start;
    element('bridge').textContent = chosen.origin;
    this.#input.value = pathOf(chosen);
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

  #changed(): void {
    const { address } = this;
    this.#input.setAttribute('aria-invalid', String(address === null));
    this.#input.setCustomValidity(address ? '' : 'This page connects to its own bridge only. Give a path on it.');
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

function setPath(page: URL, path: string | null): void {
  page.searchParams.delete('address');
  if (path === null) page.searchParams.delete('path');
  else page.searchParams.set('path', path);
}
