'use strict';
// Nothing here is needed: without it the list is as new as the page, and texts
// are copied by hand.
(() => {
  // The list of requests, every two seconds while somebody looks.
  const live = document.querySelector('[data-live]');
  if (live) {
    const rows = live.querySelector('tbody');
    const button = document.createElement('button');
    const state = document.createElement('span');
    const bar = document.createElement('p');
    let paused = false;
    bar.className = 'live small soft';
    button.type = 'button';
    button.textContent = 'Pause';
    bar.append(state, ' ', button);
    live.before(bar);
    const tell = (text) => { if (state.textContent !== text) state.textContent = text; };
    tell('Refreshed every two seconds.');

    let before = '';
    const refresh = async () => {
      if (paused || document.hidden) return;
      try {
        const answer = await fetch(live.dataset.live, { cache: 'no-store' });
        if (answer.redirected) { // to the form: the session is over
          location.reload();
          return;
        }
        if (!answer.ok) throw new Error(answer.statusText);
        const text = await answer.text();
        if (text !== before) rows.innerHTML = text; // rows that the template has escaped
        before = text;
        tell('Refreshed every two seconds.');
      } catch {
        tell('The issuer does not answer; this is what it said last.');
      }
    };
    button.addEventListener('click', () => {
      paused = !paused;
      button.textContent = paused ? 'Go on' : 'Pause';
      tell(paused ? 'Paused.' : 'Refreshed every two seconds.');
      refresh();
    });
    setInterval(refresh, 2000);
  }

  // Texts that can be copied.
  for (const command of document.querySelectorAll('.command')) {
    const text = command.querySelector('textarea');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(text.value);
        button.textContent = 'Copied';
      } catch {
        text.select();
        button.textContent = document.execCommand('copy') ? 'Copied' : 'Selected';
      }
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    });
    command.append(button);
  }
})();
