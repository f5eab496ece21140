/**
 * What a page of the site does beyond being read: search, copy buttons, a table of contents that follows the reading,
 * charts that answer. All of it is added here: a page without this script is whole. Works from the disk, where
 * nothing can be fetched: what is loaded later is loaded as scripts.
 */
(() => {
  interface PageData {
    /** The path from the page to the top of the site, empty or ending in a slash. */
    top: string;
    /** The scripts, from the top of the site, that search needs. */
    search: string[];
    /** The scripts that charts need, in their order; none where no chart answers. */
    charts: string[];
    labels: { copy: string; copied: string; interactive: string; noResults: string; results: string };
  }
  interface SearchResult {
    id: string;
    title: string;
    page: string;
    text: string;
  }
  interface Index {
    search(query: string, options: object): SearchResult[];
  }
  interface ChartRuntime {
    parse(spec: object, config: undefined, options: object): object;
    expressionInterpreter: unknown;
    View: new (runtime: object, options: object) => { runAsync(): Promise<unknown> };
  }
  interface Spec {
    $schema?: string;
    layer?: Spec[];
    params?: object[];
    encoding?: { x?: { field?: unknown } };
  }
  const globals = globalThis as unknown as {
    MiniSearch: { loadJS(index: object, options: object): Index };
    notebookSearch: { index: object; options: object };
    notebookCharts: Record<string, Spec>;
    vega: ChartRuntime;
    vegaLite: { compile(spec: Spec, options: object): { spec: object } };
  };

  const page = JSON.parse(document.getElementById("page-data")!.textContent!) as PageData;
  const loading = new Map<string, Promise<void>>();

  /** Loads scripts of the site one after the other, each once. */
  async function load(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const loaded = loading.get(path) ?? loadScript(page.top + path);
      loading.set(path, loaded);
      await loaded;
    }
  }

  function loadScript(src: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = src;
      script.addEventListener("load", () => resolve());
      script.addEventListener("error", () => reject(new Error(`${src} could not be loaded`)));
      document.head.append(script);
    });
  }

  function element<K extends keyof HTMLElementTagNameMap>(
    name: K,
    properties: Partial<HTMLElementTagNameMap[K]> = {},
    ...children: (Node | string)[]
  ): HTMLElementTagNameMap[K] {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function addCopyButtons(): void {
    for (const pre of document.querySelectorAll(".source pre, .prose pre")) {
      const button = element("button", { type: "button", className: "copy", textContent: page.labels.copy });
      button.addEventListener("click", async () => {
        await copy(pre.textContent!);
        button.textContent = page.labels.copied;
        setTimeout(() => {
          button.textContent = page.labels.copy;
        }, 2000);
      });
      const box = element("div", { className: "copyable" });
      pre.replaceWith(box);
      box.append(pre, button);
    }
  }

  /** From the disk, or without permission, the clipboard is only reached through a selection. */
  async function copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = element("textarea", { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  /** Marks the entry of the part that is being read: the last heading above the upper third of the window. */
  function followReading(): void {
    const links = new Map(
      Array.from(document.querySelectorAll<HTMLAnchorElement>(".toc a[href^='#']"), (link) => [
        decodeURIComponent(link.hash.slice(1)),
        link,
      ]),
    );
    const headings = [...document.querySelectorAll<HTMLElement>("main :is(h1, h2, h3)[id]")].filter(
      ({ id }) => links.has(id),
    );
    let current: HTMLAnchorElement | undefined;
    const update = () => {
      const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
      const above = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
      const read = links.get((isAtEnd && scrollY > 0 ? headings : above).at(-1)?.id ?? "");
      if (read === current) return;
      current?.removeAttribute("aria-current");
      read?.setAttribute("aria-current", "location");
      current = read;
      reveal(read);
    };
    addEventListener("scroll", update, { passive: true });
    addEventListener("resize", update, { passive: true });
    update();
  }

  /** Scrolls the table of contents, and nothing else, so that an entry is seen. */
  function reveal(link: HTMLAnchorElement | undefined): void {
    const toc = link?.closest<HTMLElement>(".toc");
    if (!link || !toc || toc.scrollHeight <= toc.clientHeight) return;
    const [entry, box] = [link.getBoundingClientRect(), toc.getBoundingClientRect()];
    if (entry.top < box.top + 40) toc.scrollTop += entry.top - box.top - 40;
    if (entry.bottom > box.bottom - 40) toc.scrollTop += entry.bottom - box.bottom + 40;
  }

  function addSearch(): void {
    const form = document.querySelector<HTMLElement>(".search")!;
    const input = form.querySelector("input")!;
    const list = element("ul", { className: "results", hidden: true });
    const status = element("p", { className: "search-status", role: "status" });
    form.append(list, status);
    form.classList.add("ready");
    let index: Promise<Index> | undefined;
    const loadIndex = () => {
      index ??= load(page.search).then(() =>
        globals.MiniSearch.loadJS(globals.notebookSearch.index, globals.notebookSearch.options),
      );
      return index;
    };
    const close = () => {
      list.hidden = true;
      status.textContent = "";
    };
    input.addEventListener("focus", () => void loadIndex());
    input.addEventListener("input", async () => {
      const query = input.value.trim();
      if (query === "") return close();
      const found = (await loadIndex())
        .search(query, { prefix: true, fuzzy: 0.15, combineWith: "AND", boost: { title: 3, page: 2 } })
        .slice(0, 12);
      // A later letter may have been typed while the index was loading.
      if (input.value.trim() !== query) return;
      list.replaceChildren(...found.map(resultItem));
      list.hidden = found.length === 0;
      status.textContent =
        found.length === 0 ? page.labels.noResults : `${page.labels.results}: ${found.length}`;
    });
    document.addEventListener("keydown", (event) => {
      const isTyping = (event.target as Element).closest?.("input, textarea, select, [contenteditable]");
      if (event.key === "/" && !isTyping) {
        event.preventDefault();
        input.focus();
      }
      if (event.key === "Escape") close();
      if (form.contains(event.target as Node)) moveFocus(event, [input, ...list.querySelectorAll("a")]);
    });
    document.addEventListener("click", ({ target }) => {
      if (!form.contains(target as Node)) close();
    });
  }

  function moveFocus(event: KeyboardEvent, stops: HTMLElement[]): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = stops.indexOf(event.target as HTMLElement);
    if (step === undefined || at === -1) return;
    event.preventDefault();
    stops[Math.min(stops.length - 1, Math.max(0, at + step))]!.focus();
  }

  function resultItem({ id, title, page: name, text }: SearchResult): HTMLElement {
    const link = element("a", { href: page.top + id }, element("strong", { textContent: title }));
    if (name !== title) link.append(element("span", { textContent: name }));
    link.append(element("small", { textContent: text }));
    return element("li", {}, link);
  }

  function addCharts(): void {
    if (page.charts.length === 0) return;
    for (const figure of document.querySelectorAll<HTMLElement>("figure[data-chart]")) {
      const button = element("button", {
        type: "button",
        className: "interactive",
        textContent: page.labels.interactive,
      });
      const start = async () => {
        figure.removeEventListener("pointerdown", start);
        button.remove();
        await drawChart(figure);
      };
      figure.addEventListener("pointerdown", start);
      button.addEventListener("click", start);
      figure.append(button);
    }
  }

  /** Puts the chart itself in the place of its picture, at the picture's width. */
  async function drawChart(figure: HTMLElement): Promise<void> {
    const image = figure.querySelector("img")!;
    await load(page.charts);
    const { vega, notebookCharts } = globals;
    const compiled = compile(notebookCharts[figure.dataset.chart!]!);
    const box = element("div", { className: "chart" });
    // The place of the picture stays while the chart is drawn.
    box.style.minHeight = `${image.clientHeight}px`;
    box.style.width = `${Math.max(image.clientWidth, 1)}px`;
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", image.alt);
    image.replaceWith(box);
    // The interpreter needs no `eval`, which the page's policy forbids.
    const runtime = vega.parse(compiled, undefined, { ast: true });
    const options = {
      container: box,
      renderer: "svg",
      hover: true,
      expr: vega.expressionInterpreter,
      tooltip: tooltipIn(figure),
    };
    await new vega.View(runtime, options).runAsync();
    figure.classList.add("live");
  }

  function compile(spec: Spec): object {
    if (spec.$schema?.includes("/vega/")) return spec;
    // A chart that can be zoomed by itself, or has selections of its own, is left as it is.
    if (JSON.stringify(spec).includes('"params":')) return globals.vegaLite.compile(spec, {}).spec;
    // Axes that cannot be zoomed, such as those of names, are said in warnings and stay as they are.
    const options = { logger: silentLogger() };
    try {
      return globals.vegaLite.compile(withZoom(spec), options).spec;
    } catch {
      return globals.vegaLite.compile(spec, options).spec;
    }
  }

  /** Ctrl or Cmd with the wheel zooms along the horizontal axis, dragging moves it, a double click brings it back. */
  function withZoom(spec: Spec): Spec {
    const wheel = "wheel![event.ctrlKey || event.metaKey]";
    const zoom = {
      name: "zoom",
      select: { type: "interval", encodings: ["x"], zoom: wheel },
      bind: "scales",
    };
    // Of layers, the first that has a field on the axis; a selection needs one.
    const at = spec.layer?.findIndex(({ encoding }) => encoding?.x?.field !== undefined) ?? -1;
    if (at === -1) return { ...spec, params: [...(spec.params ?? []), zoom] };
    const layer = spec.layer!.map((part, index) => (index === at ? withZoom(part) : part));
    return { ...spec, layer };
  }

  function silentLogger(): object {
    const logger: Record<string, () => object> = {};
    for (const name of ["level", "error", "warn", "info", "debug"]) logger[name] = () => logger;
    return logger;
  }

  /** Shows what a mark stands for beside the pointer. */
  function tooltipIn(figure: HTMLElement) {
    const tip = element("dl", { className: "tooltip", hidden: true });
    figure.append(tip);
    return (_handler: unknown, event: MouseEvent, _item: unknown, value: unknown) => {
      tip.hidden = value === undefined || value === null || value === "";
      if (tip.hidden) return;
      const rows = typeof value === "object" ? Object.entries(value as object) : [["", value]];
      tip.replaceChildren(
        ...rows.flatMap(([name, text]) => [
          element("dt", { textContent: String(name) }),
          element("dd", { textContent: String(text) }),
        ]),
      );
      const box = figure.getBoundingClientRect();
      const left = Math.min(event.clientX - box.left + 14, box.width - tip.offsetWidth - 4);
      tip.style.left = `${Math.max(0, left) + figure.scrollLeft}px`;
      tip.style.top = `${Math.max(0, Math.min(event.clientY - box.top + 14, box.height - tip.offsetHeight))}px`;
    };
  }

  addCopyButtons();
  followReading();
  addSearch();
  addCharts();
})();
