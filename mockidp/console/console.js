'use strict';
// Nothing here is needed: without it the list is as new as the page, and texts
// are copied by hand.
(() => {
  // What happens meanwhile: every two seconds, while somebody looks, the page
  // is asked for again and its live parts are put in the place of the old ones.
  const parts = [...document.querySelectorAll('[data-live]')];
  const list = document.querySelector('.requests');
  if (list) {
    const bar = document.createElement('p');
    const state = document.createElement('span');
    const button = document.createElement('button');
    let paused = false;
    bar.className = 'live small soft';
    button.type = 'button';
    button.textContent = 'Pause';
    bar.append(state, ' ', button);
    list.parentElement.before(bar);
    const tell = (text) => { if (state.textContent !== text) state.textContent = text; };
    const lively = () => tell('Refreshed every two seconds.');

    const refresh = async () => {
      if (paused || document.hidden) return;
      try {
        const answer = await fetch(location.pathname, { cache: 'no-store' });
        if (answer.redirected) { // to the form: the session is over
          location.reload();
          return;
        }
        if (!answer.ok) throw new Error(answer.statusText);
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        for (const part of parts) {
          const now = page.getElementById(part.id);
          if (now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes);
        }
        lively();
      } catch {
        tell('The issuer does not answer; this is what it said last.');
      }
    };
    button.addEventListener('click', () => {
      paused = !paused;
      button.textContent = paused ? 'Go on' : 'Pause';
      if (paused) tell('Paused.');
      else lively();
      refresh();
    });
    lively();
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
