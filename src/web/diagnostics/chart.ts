const SVG = 'http://www.w3.org/2000/svg';

/** The room of a drawing, in CSS pixels. */
export interface Room {
  readonly width: number;
  readonly height: number;
}

type Attributes = Readonly<Record<string, string | number>>;

/** A drawing that fills its element, drawn anew in real pixels whenever the element's width changes: text keeps its size. */
export abstract class Chart {
  readonly #svg: SVGSVGElement;
  #width = 0;

  /** `svg` has a height of its own; its label tells in words what it shows. */
  constructor(svg: SVGSVGElement) {
    this.#svg = svg;
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry?.contentRect.width ?? 0);
      if (width === this.#width || width === 0) return;
      this.#width = width;
      this.redraw();
    }).observe(svg);
  }

  /** Draws what there is to draw now, and says it in words for those who do not see it. */
  protected redraw(): void {
    const room = { width: this.#svg.clientWidth, height: this.#svg.clientHeight };
    this.#svg.replaceChildren();
    if (room.width < 50) return;
    this.#svg.setAttribute('viewBox', `0 0 ${room.width} ${room.height}`);
    this.#svg.setAttribute('aria-label', this.draw(room));
  }

  /** Draws with add() and gives the drawing in words. */
  protected abstract draw(room: Room): string;

  /** Says in the middle what will be drawn here. */
  protected hint({ width, height }: Room, text: string): void {
    this.add('text', { class: 'tick', x: width / 2, y: height / 2, 'text-anchor': 'middle' }, text);
  }

  /** Adds a shape or a text. */
  protected add(name: 'line' | 'path' | 'rect' | 'text', attributes: Attributes, text?: string): void {
    const shape = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) {
      shape.setAttribute(key, typeof value === 'number' ? String(Math.round(value * 100) / 100) : value);
    }
    if (text !== undefined) shape.textContent = text;
    this.#svg.append(shape);
  }
}
