(() => {
  'use strict';
  const find = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const search = byId('search');
  const shown = byId('shown');

  // What is searched and filtered: findings and cases. Their text is read once.
  const items = find('.item').map((el) => ({
    el,
    kind: el.classList.contains('finding') ? 'finding' : el.dataset.extra === undefined ? 'case' : 'extra',
    text: textOf(el),
    hidden: false,
  }));
  const groups = find('.group').map((el) => ({ el, items: items.filter((item) => el.contains(item.el)), open: false }));
  const total = counted(items);
  const pressed = { outcome: [], severity: [], group: [], environment: [], target: [] };

  function textOf(el) {
    const facts = Object.values(el.dataset).join(' ');
    const own = el.localName === 'a' ? [el] : find('summary', el);
    return [facts, ...own.map((part) => part.textContent)].join(' ').toLowerCase();
  }

  function counted(list) {
    const of = (kind) => list.filter((item) => item.kind === kind && !item.hidden).length;
    return { finding: of('finding'), case: of('case') };
  }

  const filtering = () => search.value.trim() !== '' || Object.values(pressed).some((values) => values.length);

  function matches(item, words) {
    return words.every((word) => item.text.includes(word)) &&
      Object.entries(pressed).every(([facet, values]) => {
        if (!values.length) return true;
        const own = facet === 'environment' ? item.el.dataset[facet].split(' ') : [item.el.dataset[facet]];
        return values.some((value) => own.includes(value));
      });
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const active = filtering();
    for (const item of items) {
      const hidden = !matches(item, words);
      if (hidden !== item.hidden) {
        item.hidden = hidden;
        item.el.hidden = hidden;
      }
    }
    for (const group of groups) {
      group.el.hidden = group.items.every((item) => item.hidden);
      group.el.open = active ? !group.el.hidden : group.open;
    }
    tell(active);
  }

  function tell(active) {
    const now = counted(items);
    const part = (kind) => (active ? `${now[kind]} of ${total[kind]} ${kind}s` : `${total[kind]} ${kind}s`);
    shown.textContent = `${part('finding')}, ${part('case')}`;
  }

  function clear() {
    search.value = '';
    for (const facet of Object.keys(pressed)) pressed[facet] = [];
    for (const chip of find('.chip')) chip.setAttribute('aria-pressed', 'false');
    filter();
  }

  function toggle(chip) {
    const { facet, value } = chip.dataset;
    const on = chip.getAttribute('aria-pressed') !== 'true';
    chip.setAttribute('aria-pressed', String(on));
    pressed[facet] = on ? [...pressed[facet], value] : pressed[facet].filter((other) => other !== value);
    filter();
  }

  // What opens is packed: JSON of HTML that the renderer has escaped, compressed.
  let unpacked;
  function unpack() {
    unpacked ??= (async () => {
      const bytes = Uint8Array.from(atob(byId('packed').textContent), (c) => c.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
      return new Response(stream).json();
    })();
    return unpacked;
  }

  async function fill(details) {
    const body = details.querySelector(':scope > .body[data-body]');
    if (!body) return;
    const number = Number(body.dataset.body);
    delete body.dataset.body;
    try {
      body.innerHTML = (await unpack())[number];
      addButtons(body);
    } catch {
      body.append('This browser cannot unpack the details; results.json holds them.');
    }
  }

  function addButtons(root) {
    for (const command of find('.command', root)) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'copy';
      button.textContent = 'Copy';
      command.append(button);
    }
  }

  async function copy(button) {
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = document.execCommand('copy') ? 'Copied' : 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  }

  // A link leads to something that may be closed, or hidden by a filter.
  async function follow() {
    let target;
    try {
      target = byId(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return;
    }
    if (!target) return;
    if (target.closest('[hidden]')) clear();
    for (let el = target; el; el = el.parentElement.closest('details')) {
      if (el.localName === 'details') el.open = true;
    }
    if (target.localName === 'details') {
      await fill(target);
      target.querySelector('summary').focus({ preventScroll: true });
    }
    target.scrollIntoView();
  }

  // Moving: everything that can be opened, in the order of the page.
  const stops = '.finding > summary, .finding .case > summary, .group > summary, .group .row > summary, .group a.row';

  function move(step) {
    const all = find(stops).filter((el) => el.checkVisibility());
    const at = all.indexOf(document.activeElement);
    const next = all[at < 0 && step < 0 ? -1 : at + step];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: 'nearest' });
  }

  const keys = { '/': focusSearch, j: () => move(1), k: () => move(-1), Escape: escape };

  function focusSearch() {
    search.focus();
    search.select();
  }

  function escape() {
    if (filtering()) clear();
    else document.activeElement.blur();
  }

  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const active = document.activeElement;
    const typing = active === search;
    const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (arrow && (typing || active.matches(stops))) move(arrow);
    else if (keys[event.key] && (!typing || event.key === 'Escape')) keys[event.key]();
    else return;
    event.preventDefault();
  });
  search.addEventListener('input', filter);
  addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button?.dataset.facet) toggle(button);
    else if (button?.className === 'copy') copy(button);
  });
  addEventListener('toggle', ({ target }) => {
    if (target.open) fill(target);
    if (target.matches('.group') && !filtering()) groups.find((group) => group.el === target).open = target.open;
    // What somebody opened can be linked to; what a link opened keeps that link.
    if (target.open && target.id && document.activeElement === target.querySelector('summary')) {
      history.replaceState(null, '', `#${encodeURI(target.id)}`);
    }
  }, true);
  addEventListener('hashchange', follow);

  // On paper nothing opens: of each finding the first case is printed in full,
  // the others in a line, as long as nobody has opened them.
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = find('.finding:not([open]), .case:first-of-type:not([open]), .group:not([open])');
    for (const details of closed) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of closed) details.open = false;
  });

  for (const el of find('.scripted')) el.hidden = false;
  addButtons(document);
  tell(false);
  addEventListener('load', follow);
})();
