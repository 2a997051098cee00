// Puts theme and language on the document before anything is drawn, so that nothing flashes; and says in which words it is installed.
(() => {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem('freeway.preferences') ?? '{}');
  } catch {
    // Without storage the system's settings hold.
  }
  const root = document.documentElement;
  const dark = kept.theme === 'dark' || (kept.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.theme = dark ? 'dark' : 'light';
  const language = kept.language ?? navigator.language.slice(0, 2);
  root.lang = language === 'de' ? 'de' : 'en';
  if (root.lang === 'de') document.querySelector('link[rel=manifest]')?.setAttribute('href', '/site.de.webmanifest');
})();
